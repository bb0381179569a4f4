import { type Evidence, groupByPlace } from '../evidence.ts';
import { lacksShardedTraffic } from '../known-groups.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { Sender } from '../taps/senders.ts';
import { listNames, plural } from '../words.ts';

/** Some servers send to rooms on channels that others never subscribe to. */
export const mixedShardedModes: Rule = {
  name: 'mixed-sharded-modes',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'Servers with the sharded adapter use different subscription modes: messages to rooms are lost.',
  fault: 'mixed-sharded-modes',
  check: ({ traffic }: Evidence): readonly Diagnosis[] => {
    const senders = traffic?.senders.list().filter(({ bus }) => bus === 'shard') ?? [];
    return groupByPlace(senders).flatMap(([where, here]) => {
      const dynamic = here.filter(({ onRoomChannel }) => onRoomChannel > 0);
      const fixed = here.filter(
        ({ onRoomChannel, onMainChannel }) => onRoomChannel === 0 && onMainChannel > 0,
      );
      return dynamic.length > 0 && fixed.length > 0 ? [diagnose(where, dynamic, fixed)] : [];
    });
  },
  lacks: lacksShardedTraffic,
};

function diagnose(where: string, dynamic: readonly Sender[], fixed: readonly Sender[]): Diagnosis {
  const names = (senders: readonly Sender[]): string => listNames(senders.map(({ uid }) => uid));
  const culprit = (sender: Sender, about: string) => {
    const from = sender.client === undefined ? '' : `, from ${sender.client}`;
    return { is: 'uid' as const, value: sender.uid, about: about + from };
  };
  return {
    where,
    sentence: `${plural(dynamic.length, 'server')} and ${plural(fixed.length, 'server')} use different subscription modes: what is sent to a room by ${names(dynamic)} does not reach ${names(fixed)}.`,
    seen: [
      `${dynamic.reduce((sum, { onRoomChannel }) => sum + onRoomChannel, 0)} broadcasts to one room went to a channel of that room, ${fixed.reduce((sum, { onMainChannel }) => sum + onMainChannel, 0)} to the channel of all.`,
    ],
    culprits: [
      ...dynamic.map((sender) => culprit(sender, 'dynamic')),
      ...fixed.map((sender) => culprit(sender, 'static')),
    ],
    symptom: 'no error: messages to everybody arrive, messages to a room only from some servers',
    next: ['Give all servers the same subscriptionMode in createShardedAdapter().'],
    sure: 'sure',
  };
}
