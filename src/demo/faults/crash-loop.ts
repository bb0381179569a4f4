import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { io as connectClient } from 'socket.io-client';
import type { Fault, Symptom } from './fault.ts';
import type { Lab } from './lab.ts';
import { type HereServer, startHere } from './lab-here.ts';

/** From the start to the crash, and from there to the next start. */
const LIFE_MS = 1200;
const BETWEEN_MS = 100;
/** Time enough for two crashes. */
const WATCH_MS = 4000;
const LISTEN_MS = 10_000;
const EVERY_MS = 200;

export const crashLoopFault: Fault = {
  name: 'crash-loop',
  rule: 'crash-loop',
  title: 'a server crashes soon after each start, and its supervisor starts it again',
  cure: 'What it crashed of is mended.',
  listenMs: LISTEN_MS,
  stage: async (lab) => {
    for (const name of ['worker-1', 'worker-2']) await start(lab, name);
    const third = await supervise(lab, 'worker-3');
    return {
      story: [
        'Three servers with the classic adapter.',
        'worker-3 crashes about a second after each start, and is started again at once.',
      ],
      symptom: async (): Promise<Symptom> => {
        const losses = await countLosses(third.port);
        return {
          lines: [
            `A client of worker-3, ${WATCH_MS / 1000} s long:`,
            losses === 0
              ? 'It stays connected.'
              : `It loses its connection ${losses} times: transport close.`,
          ],
          isBad: losses > 1,
        };
      },
      traffic: () => delay(EVERY_MS),
      cure: () => {
        third.mend();
        return Promise.resolve();
      },
    };
  },
};

async function start(lab: Lab, name: string, port?: number): Promise<HereServer> {
  const connect = (role: string): Redis => {
    const redis = new Redis(lab.redis.port, { connectionName: `${name}-${role}` });
    redis.on('error', () => undefined);
    return redis;
  };
  const server = await startHere(name, connect, port);
  lab.atEnd(() => {
    server.crash();
  });
  return server;
}

interface Supervised {
  readonly port: number;
  mend(): void;
}

/** A server that crashes again and again, at the same port. */
async function supervise(lab: Lab, name: string): Promise<Supervised> {
  let server = await start(lab, name);
  const { port } = server;
  const state = { isMended: false };
  const living = (async (): Promise<void> => {
    for (;;) {
      await delay(LIFE_MS);
      if (state.isMended) return;
      server.crash();
      await delay(BETWEEN_MS);
      server = await start(lab, name, port);
    }
  })();
  const mend = (): void => {
    state.isMended = true;
  };
  lab.atEnd(async () => {
    mend();
    await living;
    server.crash();
  });
  return { port, mend };
}

/** How often a client of the server at this port loses its connection. */
async function countLosses(port: number): Promise<number> {
  const client = connectClient(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    reconnectionDelay: 50,
  });
  let losses = 0;
  client.on('disconnect', () => {
    losses++;
  });
  await delay(WATCH_MS);
  const count = losses;
  client.close();
  return count;
}
