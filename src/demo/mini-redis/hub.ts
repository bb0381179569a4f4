import type { Reply } from '../../bytes/resp-encode.ts';
import { encodeReply } from '../../bytes/resp-encode.ts';
import { fromKey } from './argument.ts';
import type { Client } from './client.ts';
import { matchesGlob } from './glob.ts';
import { bulk } from './reply.ts';

export type Subscription = 'channel' | 'pattern' | 'shard';

/** Who listens to what. Channels and patterns are bytes as latin1. */
export class Hub {
  readonly #listeners: Record<Subscription, Map<string, Set<Client>>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  };

  subscribe(kind: Subscription, client: Client, name: string): void {
    const listeners = this.#listeners[kind];
    listeners.set(name, (listeners.get(name) ?? new Set()).add(client));
    client.subscriptions[kind].add(name);
  }

  unsubscribe(kind: Subscription, client: Client, name: string): void {
    const listeners = this.#listeners[kind].get(name);
    listeners?.delete(client);
    if (listeners?.size === 0) this.#listeners[kind].delete(name);
    client.subscriptions[kind].delete(name);
  }

  /** Ends all subscriptions of a client without telling it. */
  forget(client: Client): void {
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of client.subscriptions[kind]) this.unsubscribe(kind, client, name);
    }
  }

  names(kind: Subscription): string[] {
    return [...this.#listeners[kind].keys()];
  }

  count(kind: Subscription, name: string): number {
    return this.#listeners[kind].get(name)?.size ?? 0;
  }

  /** PUBLISH: to the channel's listeners, then to those of every pattern that matches. Answers how many got it. */
  publish(channel: Buffer, message: Buffer): number {
    let receivers = deliver(this.#listeners.channel.get(channel.toString('latin1')), [
      'message',
      channel,
      message,
    ]);
    for (const [pattern, clients] of this.#listeners.pattern) {
      const bytes = fromKey(pattern);
      if (!matchesGlob(bytes, channel)) continue;
      receivers += deliver(clients, ['pmessage', bytes, channel, message]);
    }
    return receivers;
  }

  /** SPUBLISH. */
  publishToShard(channel: Buffer, message: Buffer): number {
    return deliver(this.#listeners.shard.get(channel.toString('latin1')), ['smessage', channel, message]);
  }
}

function deliver(clients: ReadonlySet<Client> | undefined, words: readonly (string | Buffer)[]): number {
  if (clients === undefined) return 0;
  const push: Reply = { type: 'push', items: words.map(bulk) };
  const encoded = new Map<2 | 3, Buffer>();
  for (const client of clients) {
    const bytes = encoded.get(client.protocol) ?? encodeReply(push, client.protocol);
    encoded.set(client.protocol, bytes);
    client.deliver(bytes);
  }
  return clients.size;
}
