import type { Fault, Symptom } from './fault.ts';
import { countHeard, plan, restart } from './scenes.ts';

export const notOfferedFault: Fault = {
  name: 'not-offered',
  rule: 'not-offered',
  title: 'servers use the sharded adapter on a Redis that has no sharded subscriptions',
  cure: 'The servers use createAdapter(), which needs nothing that this Redis does not have.',
  redisArgs: ['--rename-command', 'SSUBSCRIBE', ''],
  stage: async (lab) => {
    const settings = { adapter: 'sharded', survivesErrors: true } as const;
    let [first, second] = await lab.start(...plan(2, settings));
    if (first === undefined || second === undefined) throw new Error('No servers.');
    let client = await lab.join(second);
    return {
      story: [
        'A Redis without SSUBSCRIBE, as before version 7.0 and at some providers.',
        'Two servers with createShardedAdapter(); they log what goes wrong, and go on. A client at worker-2.',
      ],
      symptom: async (): Promise<Symptom> => {
        const emit = () => first?.do({ do: 'emit', event: 'news', args: ['it rains'] }) ?? Promise.resolve();
        const count = await countHeard(client, 'news it rains', emit);
        const errors = (first?.log() ?? '').split('\n').filter((line) => line.includes('unknown command'));
        return {
          lines: [
            'worker-1: io.emit("news", "it rains")',
            count > 0 ? 'The client of worker-2 hears it.' : 'The client of worker-2 hears nothing.',
            ...errors.slice(0, 1).map((line) => `In the log of worker-1, from its start: ${line}`),
          ],
          isBad: count === 0,
        };
      },
      cure: async () => {
        const old = [first, second].flatMap((server) => server ?? []);
        [first, second] = await Promise.all(old.map((server) => restart(lab, server, { adapter: 'redis' })));
        if (second !== undefined) client = await lab.join(second);
      },
    };
  },
};
