import type { Redis } from 'ioredis';
import type { Fault, Symptom } from './fault.ts';
import { plan, restart } from './scenes.ts';

const TIMES = 40;

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
