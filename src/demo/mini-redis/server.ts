import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { RespReader } from '../../bytes/resp.ts';
import { RespError, type RespValue } from '../../bytes/resp-value.ts';
import { choose } from './choose-command.ts';
import { Client } from './client.ts';
import { clientCommands } from './client-commands.ts';
import type { Command } from './command.ts';
import { connectionCommands } from './connection-commands.ts';
import { Hub } from './hub.ts';
import { keyCommands } from './key-commands.ts';
import { Keyspace } from './keyspace.ts';
import { formatMonitorLine } from './monitor.ts';
import { pubsubCommands } from './pubsub-commands.ts';
import { CommandError, error, NIL_ARRAY, simple } from './reply.ts';
import { serverCommands } from './server-commands.ts';
import { streamCommands } from './stream-commands.ts';
import { serveWaiters } from './stream-read.ts';
import { stringCommands } from './string-commands.ts';
import { transactionCommands } from './transaction-commands.ts';
import { Waiters } from './waiters.ts';

const COMMANDS: readonly Command[] = [
  ...connectionCommands,
  ...clientCommands,
  ...serverCommands,
  ...pubsubCommands,
  ...transactionCommands,
  ...keyCommands,
  ...stringCommands,
  ...streamCommands,
];
/** Executed at once even after MULTI. Source: processCommand in src/server.c, redis 7.0.15. */
const NEVER_QUEUED = ['exec', 'discard', 'multi', 'watch', 'quit', 'reset'];

/** The state of one mini-redis, and how a command goes through it. */
export class MiniServer {
  readonly commands: ReadonlyMap<string, Command> = new Map(
    COMMANDS.map((command) => [command.name, command]),
  );
  readonly mode = 'standalone';
  readonly clients = new Set<Client>();
  readonly hub = new Hub();
  readonly keyspace = new Keyspace();
  readonly waiters = new Waiters();
  readonly startedAt = Date.now();
  readonly runId = randomBytes(20).toString('hex');
  readonly host: string;
  port = 0;
  connectionsReceived = 0;
  commandsProcessed = 0;
  readonly #inputs = new Map<Client, RespReader>();

  constructor(host: string) {
    this.host = host;
  }

  /** Microseconds since 1970. */
  now(): number {
    return Math.floor((performance.timeOrigin + performance.now()) * 1000);
  }

  accept(socket: Socket): void {
    const client = new Client(++this.connectionsReceived, socket);
    const reader = new RespReader({ inline: true });
    this.clients.add(client);
    this.#inputs.set(client, reader);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (client.isClosing) return;
      reader.push(chunk);
      this.resume(client);
    });
    // A peer that resets its connection is gone like any other: 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      client.isClosing = true;
      this.forget(client);
      this.clients.delete(client);
      this.#inputs.delete(client);
    });
  }

  /** Executes what a client has sent and is not executed yet, until it blocks. */
  resume(client: Client): void {
    const reader = this.#inputs.get(client);
    try {
      while (reader !== undefined && !client.isBlocked && !client.isClosing) {
        const value = reader.next();
        if (value === undefined) return;
        this.#process(client, wordsOf(value));
        serveWaiters(this);
      }
    } catch (problem) {
      if (!(problem instanceof RespError)) throw problem;
      client.reply(error(`ERR Protocol error: ${problem.message}`));
      client.close();
    }
  }

  /** Runs a command for a client and replies; then MONITOR tells of it, except of administrators' commands. */
  run(client: Client, command: Command, args: readonly Buffer[]): void {
    client.lastCommand = command.name;
    this.commandsProcessed++;
    try {
      const reply = command.run({ server: this, client, args });
      if (reply !== undefined) client.reply(reply);
    } catch (problem) {
      if (!(problem instanceof CommandError)) throw problem;
      client.reply(error(problem.message));
    }
    if (!command.flags.includes('admin')) this.#tellMonitors(client, args);
  }

  /** The wait of a client is over without an entry. */
  endWait(client: Client): void {
    this.waiters.remove(client);
    client.reply(NIL_ARRAY);
    this.resume(client);
  }

  /** Ends whatever a client has going on: subscriptions, watches, waits. */
  forget(client: Client): void {
    this.hub.forget(client);
    this.keyspace.unwatch(client);
    this.waiters.remove(client);
  }

  #process(client: Client, args: readonly Buffer[]): void {
    client.lastActiveAt = Date.now();
    if (client.replyMode === 'skip-next') client.replyMode = 'skip';
    const skips = client.replyMode === 'skip';
    const command = choose(this.commands, client, args);
    const { transaction } = client;
    if (typeof command === 'string') {
      if (transaction !== undefined) transaction.broken = true;
      client.reply(error(command));
    } else if (transaction !== undefined && !NEVER_QUEUED.includes(command.name)) {
      // Copies: the arguments are views into chunks of the socket.
      transaction.queue.push({ command, args: args.map((arg) => Buffer.from(arg)) });
      client.reply(simple('QUEUED'));
    } else this.run(client, command, args);
    if (skips) client.replyMode = 'on';
  }

  #tellMonitors(client: Client, args: readonly Buffer[]): void {
    const monitors = [...this.clients].filter(({ isMonitor }) => isMonitor);
    if (monitors.length === 0) return;
    const line = formatMonitorLine(client, args, this.now());
    for (const monitor of monitors) monitor.deliver(line);
  }
}

function wordsOf(value: RespValue): readonly Buffer[] {
  if (value.type === 'inline') return value.words;
  if (value.type !== 'array') return [];
  return value.items.map((item) => (item.type === 'bulk' ? item.bytes : Buffer.alloc(0)));
}
