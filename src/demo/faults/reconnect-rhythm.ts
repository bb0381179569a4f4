import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Fault, Symptom } from './fault.ts';
import { type HereServer, startHere } from './lab-here.ts';

const IDLE_MS = 2000;
/** Time enough for two ends of a connection. */
const LOG_MS = 5000;
const LISTEN_MS = 10_000;
const EVERY_MS = 200;
const SERVERS = 2;

export const reconnectRhythmFault: Fault = {
  name: 'reconnect-rhythm',
  rule: 'reconnect-rhythm',
  title: 'a proxy closes connections to Redis that are idle for two seconds',
  cure: 'The proxy is told to leave idle connections alone.',
  listenMs: LISTEN_MS,
  stage: async (lab) => {
    const gate = await lab.openGate();
    gate.limitIdle(IDLE_MS);
    const servers: HereServer[] = [];
    let closes = 0;
    for (let number = 1; number <= SERVERS; number++) {
      const name = `worker-${number}`;
      const server = await startHere(name, (role) => {
        const redis = new Redis(gate.port, { connectionName: `${name}-${role}` });
        redis.on('error', () => undefined);
        redis.on('close', () => {
          if (role === 'sub') closes++;
        });
        return redis;
      });
      servers.push(server);
      lab.atEnd(() => {
        server.crash();
      });
    }
    return {
      story: [
        'Two servers with the classic adapter and little to say.',
        'Between them and Redis stands a proxy that closes what has been idle for 2 s.',
      ],
      symptom: async (): Promise<Symptom> => {
        const before = closes;
        await delay(LOG_MS);
        const count = closes - before;
        return {
          lines: [
            `The logs of ${SERVERS} servers, ${LOG_MS / 1000} s long:`,
            count === 0
              ? 'Nothing.'
              : `${count} × sub connection closed, reconnecting. What is sent in between is lost.`,
          ],
          isBad: count > 0,
        };
      },
      traffic: () => delay(EVERY_MS),
      cure: () => {
        gate.limitIdle(undefined);
        return Promise.resolve();
      },
    };
  },
};
