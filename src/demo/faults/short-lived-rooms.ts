import type { Fault, Symptom } from './fault.ts';
import { plan, restart } from './scenes.ts';

const ROOMS = 40;
/** What two servers may need for themselves. */
const MOST_COMMANDS = 10;

export const shortLivedRoomsFault: Fault = {
  name: 'short-lived-rooms',
  rule: 'subscription-churn',
  title: 'rooms live for moments, and the sharded adapter subscribes to each of them',
  cure: 'subscriptionMode "static": one channel for all rooms.',
  // Subscriptions are seen by MONITOR only.
  via: 'monitor',
  stage: async (lab) => {
    const servers = await lab.start(...plan(2, { adapter: 'sharded', subscriptionMode: 'dynamic' }));
    let [first] = servers;
    if (first === undefined) throw new Error('No server.');
    await lab.join(first);
    const admin = lab.connect('admin');
    const call = () => first?.do({ do: 'pass-rooms', rooms: ROOMS });
    return {
      story: [
        'Two servers: createShardedAdapter(pub, sub), the default subscriptionMode "dynamic".',
        'A client of worker-1 takes short calls, each in a room of its own.',
      ],
      symptom: async (): Promise<Symptom> => {
        const count = async (): Promise<number> => {
          const stats = await admin.info('commandstats');
          return ['ssubscribe', 'sunsubscribe'].reduce((sum, name) => sum + callsOf(stats, name), 0);
        };
        const before = await count();
        await call();
        const commands = (await count()) - before;
        return {
          lines: [
            `${ROOMS} calls: socket.join(room), then socket.leave(room)`,
            `→ Redis had to subscribe and unsubscribe ${commands} times.`,
          ],
          isBad: commands > MOST_COMMANDS,
        };
      },
      traffic: async () => {
        await call();
        await first?.do({ do: 'emit', event: 'news', args: ['it rains'] });
      },
      cure: async () => {
        const fresh = await Promise.all(
          servers.map((server) => restart(lab, server, { subscriptionMode: 'static' })),
        );
        [first] = fresh;
        if (first !== undefined) await lab.join(first);
      },
    };
  },
};

/** `cmdstat_ssubscribe:calls=12,usec=…` */
function callsOf(stats: string, command: string): number {
  const [, calls = '0'] = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats) ?? [];
  return Number(calls);
}
