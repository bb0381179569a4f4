import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { DemoError } from '../demo-error.ts';
import type { Fault, Symptom } from './fault.ts';
import type { Lab } from './lab.ts';
import { type HereServer, startHere } from './lab-here.ts';

const POLL_MS = 20;
const MOST_POLLS = 1000;

export const subscriberLeakFault: Fault = {
  name: 'subscriber-leak',
  rule: 'subscriber-leak',
  title: 'a proxy hangs up on a server and keeps its old connection to Redis open, each time',
  cure: 'The connections that nobody is behind any more are closed.',
  stage: async (lab) => {
    const gate = await lab.openGate();
    const admin = lab.connect('admin');
    const [first, , third] = await Promise.all([
      start(lab, 'worker-1', lab.redis.port),
      start(lab, 'worker-2', lab.redis.port),
      start(lab, 'worker-3', gate.port),
    ]);
    const channel = `socket.io-response#/#${third.uid}#`;
    for (const times of [2, 3]) {
      gate.dropServers();
      await untilSubscribed(admin, channel, times);
    }
    return {
      story: [
        'Three servers with the classic adapter, worker-3 behind a proxy.',
        'Twice the proxy has hung up on worker-3, which connected anew, and kept the old connection to Redis.',
      ],
      symptom: () => ask(first),
      cure: async () => {
        gate.closeLeftOvers();
        await untilSubscribed(admin, channel, 1);
      },
    };
  },
};

async function start(lab: Lab, name: string, port: number): Promise<HereServer> {
  const server = await startHere(name, (role) => {
    const redis = new Redis(port, { connectionName: `${name}-${role}` });
    redis.on('error', () => undefined);
    return redis;
  });
  lab.atEnd(() => {
    server.crash();
  });
  return server;
}

async function ask(server: HereServer): Promise<Symptom> {
  const call = `${server.name}: await io.serverSideEmitWithAck("who")`;
  try {
    return { lines: [call, `→ ${await server.askWho()} answers`], isBad: false };
  } catch (error) {
    return { lines: [call, `→ ${String(error)}`], isBad: true };
  }
}

async function untilSubscribed(admin: Redis, channel: string, times: number): Promise<void> {
  for (let polls = 0; polls < MOST_POLLS; polls++) {
    const [, count] = (await admin.pubsub('NUMSUB', channel)) as readonly unknown[];
    if (Number(count) === times) return;
    await delay(POLL_MS);
  }
  throw new DemoError('worker', `The server of this fault was not subscribed ${times} times.`);
}
