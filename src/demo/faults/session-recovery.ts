import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Fault, Symptom } from './fault.ts';
import type { Lab, LabClient } from './lab.ts';
import type { LabServer } from './lab-server.ts';
import { plan, restart } from './scenes.ts';

const KEEPS_SESSIONS_MS = 120_000;
const EVERY_MS = 100;
/** What is sent while a client is away, and to a stream that is too short. */
const MISSED = 600;
const SHORT = 100;
const LONG = 100_000;
/** Flood: so many messages of so many characters. */
const FLOOD = 1000;
const PICTURE = 'x'.repeat(2000);
const FLOOD_BYTES = 1e6;
const SESSION_PATTERN = 'sio:session:*';

export const recoveryWindowFault: Fault = {
  name: 'recovery-window',
  rule: 'recovery-window',
  title: 'the stream is so short that it has forgotten what a client saw last when the client comes back',
  cure: 'maxLen: 100000 in the adapters of both servers.',
  adapters: ['streams'],
  stage: async (lab) => {
    const settings = { adapter: 'streams', keepsSessionsMs: KEEPS_SESSIONS_MS, maxLen: SHORT } as const;
    const servers = await lab.start(...plan(2, settings));
    const [one, two] = servers;
    if (one === undefined || two === undefined) throw new Error('No servers.');
    let [first, second] = [one, two];
    const admin = lab.connect('admin');
    let client = await lab.join(second);
    await leave(await greeted(lab, first, second), admin);
    return {
      story: [
        'Two servers with the streams adapter, maxLen 100, and connection state recovery for two minutes.',
        'Some clients have left and may come back.',
      ],
      symptom: () => tellReturn(client, admin, first, { times: MISSED, text: 'tick' }),
      traffic: async () => {
        await first.do({ do: 'emit', event: 'tick', args: [1], times: SHORT });
        await delay(EVERY_MS);
      },
      cure: async () => {
        [first, second] = await Promise.all([
          restart(lab, first, { maxLen: LONG }),
          restart(lab, second, { maxLen: LONG }),
        ]);
        client = await lab.join(second);
      },
    };
  },
};

export const recoveryFloodFault: Fault = {
  name: 'recovery-flood',
  rule: 'recovery-flood',
  title: 'one client comes back, and its server reads two megabytes of the stream for it',
  cure: 'Links are sent instead of pictures.',
  adapters: ['streams'],
  // XRANGE is no message: only MONITOR shows who reads what.
  via: 'monitor',
  stage: async (lab) => {
    const settings = { adapter: 'streams', keepsSessionsMs: KEEPS_SESSIONS_MS, maxLen: LONG } as const;
    const [first, second] = await lab.start(...plan(2, settings));
    if (first === undefined || second === undefined) throw new Error('No servers.');
    const admin = lab.connect('admin');
    const client = await lab.join(second);
    let text = PICTURE;
    const comeBack = (): Promise<Symptom> => tellReturn(client, admin, first, { times: FLOOD, text });
    return {
      story: [
        'Two servers with the streams adapter and connection state recovery; a client is connected to worker-2.',
        `worker-1 sends ${FLOOD} pictures of 2 kB to others while the client is away.`,
      ],
      symptom: comeBack,
      traffic: comeBack,
      cure: () => {
        text = 'https://example.org/p/1';
        return Promise.resolve();
      },
    };
  },
};

/** Sent meanwhile, to a room that nobody is in: it is read for every session all the same. */
interface Meanwhile {
  readonly times: number;
  readonly text: string;
}

/** A client is away for a moment. Bad where it is not restored, or where that costs more than a megabyte. */
async function tellReturn(
  client: LabClient,
  admin: Redis,
  first: LabServer,
  { times, text }: Meanwhile,
): Promise<Symptom> {
  await greet(client, first);
  await leave(client, admin);
  await first.do({ do: 'emit', event: 'meanwhile', args: [text], times, rooms: ['others'] });
  const before = await bytesOut(admin, times);
  client.socket.connect();
  await once(client.socket as unknown as NodeJS.EventEmitter, 'connect');
  const bytes = (await bytesOut(admin, 0)) - before;
  const isRestored = client.socket.recovered;
  return {
    lines: [
      `A client is away for a moment; ${times} messages are sent meanwhile; it comes back.`,
      isRestored
        ? `→ socket.recovered = true; Redis sent ${(bytes / 1e6).toFixed(1)} MB for it.`
        : '→ socket.recovered = false: it has lost its rooms, and what was sent meanwhile.',
    ],
    isBad: !isRestored || bytes > FLOOD_BYTES,
  };
}

async function greeted(lab: Lab, first: LabServer, second: LabServer): Promise<LabClient> {
  const client = await lab.join(second);
  await greet(client, first);
  return client;
}

/** Only who has got a message knows where in the stream it was. */
async function greet(client: LabClient, first: LabServer): Promise<void> {
  const heard = once(client.socket as unknown as NodeJS.EventEmitter, 'hello');
  await first.do({ do: 'emit', event: 'hello', args: [] });
  await heard;
}

/** The connection breaks; resolves when the server has kept the session. */
async function leave({ socket }: LabClient, admin: Redis): Promise<void> {
  const before = await countSessions(admin);
  socket.io.reconnection(false);
  socket.io.engine.close();
  while ((await countSessions(admin)) === before) await delay(EVERY_MS);
}

async function countSessions(admin: Redis): Promise<number> {
  return (await admin.keys(SESSION_PATTERN)).length;
}

/** What Redis has sent to anybody, once the servers have read as many entries as were written. */
async function bytesOut(admin: Redis, entries: number): Promise<number> {
  const read = async (): Promise<number> => {
    const [, bytes = '0'] = /total_net_output_bytes:(\d+)/.exec(await admin.info('stats')) ?? [];
    return Number(bytes);
  };
  let last = await read();
  // INFO is an answer of some kilobytes itself.
  for (let quiet = 0; entries > 0 && quiet < 2;) {
    await delay(EVERY_MS);
    const now = await read();
    quiet = now - last < QUIET_BYTES ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

const QUIET_BYTES = 20_000;
