import { setTimeout as delay } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import type { Redis } from 'ioredis';
import type { FaultAdapter, Symptom } from './fault.ts';
import type { Lab, LabClient } from './lab.ts';
import { type Done, REQUESTS_TIMEOUT_MS, type ServerPlan } from './lab-orders.ts';
import type { LabServer } from './lab-server.ts';

/** What does not come within this does not come: on one machine messages take a few milliseconds. */
const HEARING_MS = 800;
/** … on an idle one: who has heard nothing by then is listened to for this much longer. */
const PATIENCE_MS = 2000;
const STEP_MS = 50;

/** Several servers of the same plan: worker-1, worker-2, … */
export function plan(count: number, settings: Partial<ServerPlan> = {}): ServerPlan[] {
  return Array.from({ length: count }, (_, index) => {
    return { name: `worker-${index + 1}`, adapter: 'redis', ...settings };
  });
}

/** How often a client hears what `say` brings about. */
export async function countHeard(
  client: LabClient,
  text: string,
  say: () => Promise<unknown>,
): Promise<number> {
  const before = client.countOf(text);
  await say();
  await delay(HEARING_MS);
  for (let waited = 0; waited < PATIENCE_MS && client.countOf(text) === before; waited += STEP_MS)
    await delay(STEP_MS);
  return client.countOf(text) - before;
}

/** `B hears "news": no`. Bad where it does not hear it. */
export async function tellHearing(
  client: LabClient,
  text: string,
  words: { readonly said: string; readonly hearer: string },
  say: () => Promise<unknown>,
): Promise<Symptom> {
  const count = await countHeard(client, text, say);
  return {
    lines: [
      words.said,
      count > 0 ? `${words.hearer} hears it.` : `${words.hearer} hears nothing. No error anywhere.`,
    ],
    isBad: count === 0,
  };
}

/** What stands in the log of a server after a call; bad where it failed. */
export function tellCall(server: LabServer, call: string, done: Done): Symptom {
  const what = `${server.plan.name}: await ${call}`;
  return done.ok
    ? {
        lines: [what, `→ ${done.count} ${done.count === 1 ? 'answer' : 'answers'} after ${done.tookMs} ms`],
        isBad: false,
      }
    : { lines: [what, `→ Error: ${done.error}`], isBad: true };
}

const ADAPTER_NAMES = {
  redis: 'the classic adapter',
  sharded: 'the sharded adapter',
  streams: 'the streams adapter',
} as const;
const COUNTS = ['No', 'One', 'Two', 'Three', 'Four'];

/** `Four servers with the classic adapter` */
export function describeServers(count: number, adapter: FaultAdapter): string {
  return `${COUNTS[count] ?? count} servers with ${ADAPTER_NAMES[adapter]}`;
}

/** Asks all other servers; sharded and streams servers wait 5 s for serverSideEmit(), whatever one says. */
export function askAll(server: LabServer, adapter: FaultAdapter): Promise<Done> {
  return server.do(adapter === 'redis' ? { do: 'server-side-emit', event: 'who' } : { do: 'fetch-sockets' });
}

/** What stands in the log of a server after `askAll`. */
export function tellAnswers(server: LabServer, adapter: FaultAdapter, done: Done): Symptom {
  const { requestsTimeoutMs = REQUESTS_TIMEOUT_MS } = server.plan;
  const call =
    adapter === 'redis'
      ? 'io.serverSideEmitWithAck("who")'
      : `io.timeout(${requestsTimeoutMs}).fetchSockets()`;
  const told = tellCall(server, call, done);
  if (adapter === 'redis' || !done.ok) return told;
  return { ...told, lines: [told.lines[0] ?? '', `→ the sockets of all servers, after ${done.tookMs} ms`] };
}

/** Ends a server and starts it again by another plan. */
export async function restart(
  lab: Lab,
  server: LabServer,
  settings: Partial<ServerPlan> = {},
): Promise<LabServer> {
  await server.stop();
  const [fresh] = await lab.start({ ...server.plan, ...settings });
  return fresh ?? server;
}

export interface EmitterOptions {
  readonly key?: string;
  readonly nsp?: string;
}

/** Publishes what @socket.io/redis-emitter 5.1 publishes for `new Emitter(redis, { key }).of(nsp).emit(event, …args)`. */
export async function emitFromOutside(
  redis: Redis,
  event: string,
  args: readonly unknown[],
  { key = 'socket.io', nsp = '/' }: EmitterOptions = {},
): Promise<void> {
  const packet = { type: 2, data: [event, ...args], nsp };
  const payload = encode(['emitter', packet, { rooms: [], flags: {}, except: [] }]);
  await redis.publish(`${key}#${nsp}#`, Buffer.from(payload));
}
