import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { readClientList } from '../../redis/client-list.ts';
import type { Fault } from './fault.ts';
import type { Line } from './lab-line.ts';
import { askAll, describeServers, plan, tellAnswers } from './scenes.ts';

const EVERY_MS = 200;

export const halfOpenFault: Fault = {
  name: 'half-open',
  rule: 'half-open-connection',
  title: 'a firewall has forgotten one connection of a server: Redis sends into it, and nothing arrives',
  cure: 'That connection is ended (redis-cli CLIENT KILL ID …); the server connects and subscribes again.',
  adapters: ['redis', 'sharded', 'streams'],
  // Classic answers do not say who they are from; MONITOR does.
  via: 'monitor',
  stage: async (lab, adapter) => {
    const line = await lab.openLine();
    const [one, two, three, four] = plan(4, { adapter, answers: ['who'] });
    if (one === undefined || two === undefined || three === undefined || four === undefined)
      throw new Error('No plans.');
    const [first, , third] = await lab.start(one, two, { ...three, redisPort: line.port }, four);
    if (first === undefined || third === undefined) throw new Error('No servers.');
    const admin = lab.connect('admin');
    const ear = await findEar(admin, line);
    line.forget(ear.port);
    return {
      story: [
        `${describeServers(4, adapter)}; worker-3 reaches Redis through a firewall.`,
        'The firewall has forgotten the connection on which worker-3 is subscribed. Neither end knows.',
      ],
      symptom: async () => tellAnswers(first, adapter, await askAll(first, adapter)),
      traffic: async () => {
        void first.do({ do: 'fetch-sockets' });
        await third.do({ do: 'emit', event: 'news', args: [Date.now()] });
        await delay(EVERY_MS);
      },
      cure: async () => {
        await admin.client('KILL', 'ID', ear.id);
        await untilBack(admin, line);
      },
    };
  },
};

interface Ear {
  readonly id: number;
  /** By which Redis knows it. */
  readonly port: number;
}

/** The subscribed connection that passes through the line. */
async function findEar(admin: Redis, line: Line): Promise<Ear> {
  const ears = readClientList(String(await admin.client('LIST'))).map(
    ({ id, address, channels, shardChannels }) => {
      return { id, port: Number(address.split(':').at(-1)), isEar: channels + shardChannels > 0 };
    },
  );
  const ear = ears.find(({ port, isEar }) => isEar && line.carries(port));
  if (ear === undefined) throw new Error('The sub connection is not there.');
  return ear;
}

async function untilBack(admin: Redis, line: Line): Promise<void> {
  const isBack = (): Promise<boolean> =>
    findEar(admin, line).then(
      () => true,
      () => false,
    );
  while (!(await isBack())) await delay(EVERY_MS);
}
