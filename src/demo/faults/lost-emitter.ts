import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Staged } from './fault.ts';
import type { Lab } from './lab.ts';
import type { ServerPlan } from './lab-orders.ts';
import { type EmitterOptions, emitFromOutside, plan, restart, tellHearing } from './scenes.ts';

const EVERY_MS = 200;

export const wrongKeyFault: Fault = {
  name: 'wrong-key',
  rule: 'into-the-void',
  title: 'an emitter publishes under another key than the servers listen to',
  cure: 'The emitter gets the key of the servers.',
  stage: (lab) =>
    stageEmitter(lab, {
      story: [
        'Two servers with the key "chat".',
        'A background job emits with the key "socket.io", the default.',
      ],
      settings: { key: 'chat' },
      wrong: {},
      right: { key: 'chat' },
    }),
};

export const wrongNamespaceFault: Fault = {
  name: 'wrong-namespace',
  rule: 'into-the-void',
  title: 'an emitter publishes to a namespace that no server has',
  cure: 'The emitter names the namespace that clients are in.',
  stage: (lab) =>
    stageEmitter(lab, {
      story: ['Two servers, their clients in the namespace /.', 'A background job emits to of("/news").'],
      settings: {},
      wrong: { nsp: '/news' },
      right: {},
    }),
};

export const emitterWithShardedFault: Fault = {
  name: 'emitter-with-sharded',
  rule: 'emitter-needs-classic',
  title: 'an emitter speaks to servers with the sharded adapter, which does not listen',
  cure: 'The servers use the classic adapter, which emitters speak to.',
  stage: (lab) =>
    stageEmitter(lab, {
      story: ['Two servers with createShardedAdapter().', 'A background job uses @socket.io/redis-emitter.'],
      settings: { adapter: 'sharded' },
      wrong: {},
      right: {},
      instead: { adapter: 'redis' },
    }),
};

interface Scene {
  readonly story: readonly string[];
  readonly settings: Partial<ServerPlan>;
  readonly wrong: EmitterOptions;
  readonly right: EmitterOptions;
  /** How the servers are set up after the cure, where that is the cure. */
  readonly instead?: Partial<ServerPlan>;
}

async function stageEmitter(lab: Lab, scene: Scene): Promise<Staged> {
  const servers = await lab.start(...plan(2, scene.settings));
  const [first] = servers;
  if (first === undefined) throw new Error('No server.');
  let client = await lab.join(first);
  const job = lab.connect('background-job');
  let options = scene.wrong;
  const emit = (): Promise<void> => emitFromOutside(job, 'news', ['it rains'], options);
  return {
    story: [...scene.story, 'A client is connected to worker-1.'],
    symptom: () =>
      tellHearing(
        client,
        'news it rains',
        { said: 'background job: emitter.emit("news", "it rains")', hearer: 'The client' },
        emit,
      ),
    traffic: async () => {
      await emit();
      await delay(EVERY_MS);
    },
    cure: async () => {
      options = scene.right;
      if (scene.instead === undefined) return;
      const [fresh] = await Promise.all(servers.map((server) => restart(lab, server, scene.instead)));
      if (fresh !== undefined) client = await lab.join(fresh);
    },
  };
}
