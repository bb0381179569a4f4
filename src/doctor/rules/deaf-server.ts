import { describePlace, type Evidence, type Look } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { Sender } from '../taps/senders.ts';
import { plural } from '../words.ts';

const EMITTER = 'emitter';
/** A uid of this form has a channel of its own where its subscription is alive: classic since 7.1, sharded, streams since 0.3. */
const UIDS = { classic: /^[\w-]{6}$/, shard: /^[0-9a-f]{16}$/, cluster: /^[0-9a-f]{16}$/ } as const;
const ADAPTERS = { classic: 'redis', shard: 'redis-sharded', cluster: 'redis-streams' } as const;

/** A server speaks and does not listen. */
export const deafServer: Rule = {
  name: 'deaf-server',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'A server publishes but is not subscribed: its clients hear nothing of the others.',
  fault: 'deaf-worker',
  check: ({ looks, traffic }: Evidence): readonly Diagnosis[] => {
    if (traffic === undefined || looks.length < 2) return [];
    return traffic.senders
      .list()
      .filter((sender) => sender.uid !== EMITTER && UIDS[sender.bus].test(sender.uid))
      .filter((sender) => looks.every((look) => isAbsent(sender, look)))
      .filter((sender) => spoke(sender, looks))
      .map((sender) => diagnose(sender, looks));
  },
};

/** Others of its kind are seen by their own channels, and nobody is there who would not be. */
function isAbsent(sender: Sender, { groups }: Look): boolean {
  const group = groups.find(
    ({ adapter, key, nsp }) => adapter === ADAPTERS[sender.bus] && key === sender.key && nsp === sender.nsp,
  );
  return (
    group !== undefined &&
    group.uids.length > 0 &&
    group.counted <= group.uids.length &&
    !group.uids.includes(sender.uid)
  );
}

/** It was alive before and after a look that did not find it: it neither came nor went. */
function spoke({ first, last }: Sender, looks: readonly Look[]): boolean {
  return looks.some(({ from, to }) => first < from && last > to);
}

function diagnose(sender: Sender, looks: readonly Look[]): Diagnosis {
  const { uid, messages, channel, client } = sender;
  return {
    where: describePlace(sender),
    sentence: `The server ${uid} publishes but is not subscribed: it hears nothing of the others.`,
    seen: [
      `${plural(messages, 'message')} from it on ${channel}; its own channel is unknown to Redis, ${looks.length} times in a row, before, while and after it spoke.`,
    ],
    culprits: [
      { is: 'uid', value: uid, ...(client === undefined ? {} : { about: `publishes from ${client}` }) },
    ],
    symptom: 'no error: clients of that server miss what the others send; what it sends itself arrives',
    next: [
      'Restart that server. Its sub connection was lost and has not subscribed again: update the Redis client, leave its resubscribing on (ioredis: autoResubscribe), and look for idle timeouts of proxies.',
    ],
    sure: 'sure',
  };
}
