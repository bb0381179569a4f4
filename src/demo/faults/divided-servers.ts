import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Staged } from './fault.ts';
import type { Lab } from './lab.ts';
import type { ServerPlan } from './lab-orders.ts';
import type { LabServer } from './lab-server.ts';
import { plan, restart, tellHearing } from './scenes.ts';

const EVERY_MS = 200;

export const mixedAdaptersFault: Fault = {
  name: 'mixed-adapters',
  rule: 'mixed-adapters',
  title: 'two servers use the classic adapter, one the sharded: they never meet',
  cure: 'worker-3 uses the same adapter as the others.',
  stage: (lab) =>
    stageDivided(lab, {
      story: ['Two servers with createAdapter().', 'worker-3 has moved to createShardedAdapter(), same key.'],
      wrong: { adapter: 'sharded' },
    }),
};

export const adapterNotAttachedFault: Fault = {
  name: 'adapter-not-attached',
  rule: 'expected-servers',
  title: 'one of three servers has no adapter attached',
  cure: 'worker-3 calls io.adapter(createAdapter(…)).',
  expect: 3,
  stage: (lab) =>
    stageDivided(lab, {
      story: ['Two servers with the classic adapter.', 'worker-3 forgot io.adapter(…).'],
      wrong: { adapter: 'none' },
    }),
};

export const deafWorkerFault: Fault = {
  name: 'deaf-worker',
  rule: 'deaf-server',
  title: 'a server has lost its sub connection and never subscribed again',
  cure: 'worker-3 is restarted, with a client that subscribes again after a reconnection.',
  stage: (lab) =>
    stageDivided(lab, {
      story: [
        'Three servers with the classic adapter.',
        "worker-3's sub connection was cut; it came back without its subscriptions (autoResubscribe: false, or an old client).",
      ],
      wrong: { staysDeaf: true },
      harm: cutSubscription,
    }),
};

interface Scene {
  readonly story: readonly string[];
  /** How worker-3 differs. */
  readonly wrong: Partial<ServerPlan>;
  readonly harm?: (lab: Lab, server: LabServer) => Promise<void>;
}

/** Two good servers and a third; a client of the third should hear what the first sends. */
async function stageDivided(lab: Lab, scene: Scene): Promise<Staged> {
  const [one, two, three] = plan(3);
  if (one === undefined || two === undefined || three === undefined) throw new Error('No plans.');
  const [first, , last] = await lab.start(one, two, { ...three, ...scene.wrong });
  if (first === undefined || last === undefined) throw new Error('No servers.');
  let third = last;
  let client = await lab.join(third);
  await scene.harm?.(lab, third);
  return {
    story: [...scene.story, 'A client is connected to worker-3.'],
    symptom: () =>
      tellHearing(
        client,
        'news it rains',
        { said: 'worker-1: io.emit("news", "it rains")', hearer: 'The client of worker-3' },
        () => first.do({ do: 'emit', event: 'news', args: ['it rains'] }),
      ),
    traffic: async () => {
      await third.do({ do: 'emit', event: 'hello', args: [Date.now()] });
      await delay(EVERY_MS);
    },
    cure: async () => {
      third = await restart(lab, third, { adapter: 'redis', staysDeaf: false });
      client = await lab.join(third);
    },
  };
}

async function cutSubscription(lab: Lab, server: LabServer): Promise<void> {
  const admin = lab.connect('admin');
  const list = String(await admin.client('LIST'));
  const line = list.split('\n').find((text) => text.includes(`name=${server.plan.name}-sub `));
  const [, id] = /^id=(\d+)/.exec(line ?? '') ?? [];
  if (id === undefined) throw new Error('The sub connection is not there.');
  await admin.client('KILL', 'ID', id);
  admin.disconnect();
}
