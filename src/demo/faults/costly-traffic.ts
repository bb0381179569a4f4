import type { Redis } from 'ioredis';
import type { Fault, Symptom } from './fault.ts';
import { REQUESTS_TIMEOUT_MS } from './lab-orders.ts';
import { plan, restart } from './scenes.ts';

const TIMES = 40;
const SERVERS_EACH = 5;
/** The requests themselves go to all servers, too: they are half of this. */
const MOST_REPLY_BYTES = 200_000;

export const fetchHeavyFault: Fault = {
  name: 'fetch-heavy',
  rule: 'fetch-heavy',
  title: 'a server counts users by fetching all sockets of all servers, again and again',
  cure: 'It counts once and remembers the number.',
  stage: async (lab) => {
    const servers = await lab.start(...plan(3));
    const [first] = servers;
    if (first === undefined) throw new Error('No server.');
    await Promise.all(servers.map((server) => lab.join(server)));
    const admin = lab.connect('admin');
    let times = TIMES;
    const count = async (): Promise<void> => {
      await Promise.all(Array.from({ length: times }, () => first.do({ do: 'fetch-sockets' })));
    };
    return {
      story: [
        'Three servers with a client each.',
        'worker-1 shows the number of users: (await io.fetchSockets()).length.',
      ],
      symptom: () => tellBytes(admin, `${TIMES} page views`, count, 50_000),
      traffic: count,
      cure: () => {
        times = 1;
        return Promise.resolve();
      },
    };
  },
};

export const privateFanoutFault: Fault = {
  name: 'private-fanout',
  rule: 'private-fanout',
  title: 'messages to single sockets travel to every server, and all but one drop them',
  cure: 'The sharded adapter with subscriptionMode "dynamic-private": each socket has its own channel.',
  stage: async (lab) => {
    const servers = await lab.start(...plan(4));
    const [, second] = servers;
    let [first] = servers;
    if (first === undefined || second === undefined) throw new Error('No servers.');
    let client = await lab.join(second);
    const admin = lab.connect('admin');
    const tell = async (): Promise<void> => {
      for (let number = 0; number < TIMES; number++)
        await first?.do({ do: 'emit', event: 'mail', args: ['x'.repeat(1000)], rooms: [client.socket.id] });
    };
    return {
      story: ['Four servers with the classic adapter.', 'worker-1 writes to one client of worker-2.'],
      symptom: () => tellBytes(admin, `${TIMES} messages of 1 kB for one socket`, tell, 100_000),
      traffic: tell,
      cure: async () => {
        const settings = { adapter: 'sharded', subscriptionMode: 'dynamic-private' } as const;
        const [fresh, receiver] = await Promise.all(servers.map((server) => restart(lab, server, settings)));
        first = fresh;
        if (receiver !== undefined) client = await lab.join(receiver);
      },
    };
  },
};

export const replyFanoutFault: Fault = {
  name: 'reply-fanout',
  rule: 'reply-fanout',
  title: 'each answer to a request goes to all servers, and all but one throw it away',
  cure: 'createAdapter(pub, sub, { publishOnSpecificResponseChannel: true }): answers go to the one who asked.',
  stage: async (lab) => {
    const settings = { pairs: SERVERS_EACH };
    const processes = await lab.start(...plan(2, settings));
    let [first] = processes;
    const admin = lab.connect('admin');
    const ask = async (): Promise<void> => {
      for (let number = 0; number < TIMES; number++)
        await first?.do({ do: 'emit-with-ack', event: 'ping', timeoutMs: REQUESTS_TIMEOUT_MS });
    };
    return {
      story: [
        `Two processes with ${SERVERS_EACH} Socket.IO servers each, all with connections of their own.`,
        'worker-1 asks all clients to acknowledge; every server answers how many it has.',
      ],
      symptom: () =>
        tellBytes(admin, `${TIMES} times io.timeout(1000).emitWithAck("ping")`, ask, MOST_REPLY_BYTES),
      traffic: ask,
      cure: async () => {
        [first] = await Promise.all(
          processes.map((server) => restart(lab, server, { ...settings, answersOneByOne: true })),
        );
      },
    };
  },
};

/** How much Redis sends out meanwhile; bad from `most` bytes on. */
async function tellBytes(
  admin: Redis,
  what: string,
  act: () => Promise<void>,
  most: number,
): Promise<Symptom> {
  const before = await bytesOut(admin);
  await act();
  const bytes = (await bytesOut(admin)) - before;
  return {
    lines: [what, `→ Redis sent ${(bytes / 1e3).toFixed(0)} kB to the servers.`],
    isBad: bytes > most,
  };
}

async function bytesOut(admin: Redis): Promise<number> {
  const [, bytes = '0'] = /total_net_output_bytes:(\d+)/.exec(await admin.info('stats')) ?? [];
  return Number(bytes);
}
