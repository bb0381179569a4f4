import { EMITTER } from '../../model/message.ts';
import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import type { Frame } from '../../model/frame.ts';
import { noteUnder } from './bounded.ts';

/** The servers of one adapter, key and namespace whose subscriptions were seen: a capture's registry. */
export interface SeenGroup {
  readonly adapter: 'redis' | 'redis-sharded' | 'redis-streams';
  readonly key: string;
  readonly nsp: string;
  /** Those that have a channel of their own. */
  readonly uids: readonly string[];
}

/** A server that has given up the channel on which it hears the others. */
export interface Unsubscribed {
  readonly uid: string;
  /** Microseconds since 1970. */
  readonly at: number;
  /** What it has said since, and until when. */
  said: number;
  last: number;
}

/** By uid: the address that it subscribed from. */
type Growing = Omit<SeenGroup, 'uids'> & { readonly uids: Map<string, string> };

/** What a (un)subscription is about. Without a uid: the channel of all servers, or the pattern for it. */
interface Place extends Omit<SeenGroup, 'uids'> {
  readonly uid?: string;
  readonly isForAll: boolean;
}

/** As the registry reads PUBSUB CHANNELS; the pattern is that of classic servers from socket.io-redis 5 on. */
const CLASSIC = /^(.+)-re(?:quest|sponse)#(\/[^#]*)#(?:([^#]+)#)?$/s;
const CLASSIC_PATTERN = /^([^*]+)#(\/[^#*]*)#\*$/s;
const CLUSTER = /^(.+?)#(\/[^#]*)#(?:([0-9a-f]{16})#)?$/s;
const ADAPTERS: ReadonlySet<string | undefined> = new Set(['redis', 'redis-sharded', 'redis-streams']);

/** Who subscribes while somebody watches. MONITOR and packet captures show it; a capture has no other registry. */
export class Subscriptions {
  readonly #groups = new Map<string, Growing>();
  readonly #unsubscribed = new Map<string, Unsubscribed>();
  #hasStrangers = false;

  add({ frame, message }: MessageSeen): void {
    if (message.kind === 'subscription') this.#learn(frame);
    else if (message.kind === 'broadcast' || message.kind === 'request') this.#hear(frame, message);
  }

  /** All groups, where everybody who spoke was seen to subscribe before; undefined where servers had been there already. */
  registry(): readonly SeenGroup[] | undefined {
    if (this.#groups.size === 0 || this.#hasStrangers) return undefined;
    return [...this.#groups.values()].map((group) => ({ ...group, uids: [...group.uids.keys()] }));
  }

  get unsubscribed(): readonly Unsubscribed[] {
    return [...this.#unsubscribed.values()];
  }

  #learn({ command = '', channels = [], client = '', time = Number.NaN }: Frame): void {
    for (const channel of channels) {
      const place = readName(Buffer.from(channel).toString('utf8'), command);
      if (place === undefined) continue;
      const { adapter, key, nsp, uid } = place;
      const id = JSON.stringify([adapter, key, nsp]);
      if (command.includes('UNSUBSCRIBE')) {
        if (place.isForAll) this.#leave(this.#groups.get(id), client, time);
        continue;
      }
      const group = noteUnder(this.#groups, id, () => ({
        adapter,
        key,
        nsp,
        uids: new Map<string, string>(),
      }));
      if (uid !== undefined && group !== undefined) this.#meet(group, uid, client);
      if (place.isForAll) this.#return(group, client);
    }
  }

  /** With the connection that it is on now. */
  #meet({ uids }: Growing, uid: string, client: string): void {
    if (noteUnder(uids, uid, () => client) === undefined) return;
    uids.set(uid, client);
    this.#unsubscribed.delete(uid);
  }

  #leave(group: Growing | undefined, client: string, at: number): void {
    for (const [uid, address] of group?.uids ?? []) {
      if (address === client) noteUnder(this.#unsubscribed, uid, () => ({ uid, at, said: 0, last: at }));
    }
  }

  #return(group: Growing | undefined, client: string): void {
    for (const [uid, address] of group?.uids ?? []) {
      if (address === client) this.#unsubscribed.delete(uid);
    }
  }

  #hear({ time }: Frame, { uid, key, nsp, adapter }: MessageSeen['message']): void {
    if (uid === undefined || uid === EMITTER || !ADAPTERS.has(adapter)) return;
    const left = this.#unsubscribed.get(uid);
    if (left !== undefined) {
      left.said++;
      left.last = time ?? left.last;
    }
    const group = this.#groups.get(JSON.stringify([adapter, key, nsp]));
    // Servers before 7.1 have no channel of their own: that some of their group have subscribed must do.
    const isKnown = group !== undefined && (group.uids.size === 0 || group.uids.has(uid));
    if (!isKnown) this.#hasStrangers = true;
  }
}

function readName(name: string, command: string): Place | undefined {
  if (command.startsWith('P')) return toPlace('redis', CLASSIC_PATTERN.exec(name), true);
  if (/^S(?:UN)?SUBSCRIBE$/.test(command)) return toPlace('redis-sharded', CLUSTER.exec(name), true);
  const classic = toPlace('redis', CLASSIC.exec(name), false);
  if (classic !== undefined) return classic;
  // Without a uid it may as well be a room of socket.io-redis before 5.
  const place = toPlace('redis-streams', CLUSTER.exec(name), false);
  return place?.uid === undefined ? undefined : place;
}

function toPlace(
  adapter: SeenGroup['adapter'],
  match: RegExpExecArray | null,
  mayBeForAll: boolean,
): Place | undefined {
  const [, key, nsp, uid] = match ?? [];
  if (key === undefined || nsp === undefined) return undefined;
  const place = { adapter, key, nsp, isForAll: mayBeForAll && uid === undefined };
  return uid === undefined ? place : { ...place, uid };
}
