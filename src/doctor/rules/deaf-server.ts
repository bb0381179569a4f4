import { describePlace, type Evidence, type Look } from '../evidence.ts';
import { NEEDS_REDIS } from '../known-groups.ts';
import { ADAPTER_OF, spans, takesOwnChannel } from '../own-channels.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { Sender } from '../taps/senders.ts';
import type { Traffic } from '../traffic.ts';
import { describeSeconds, plural } from '../words.ts';

/** A server speaks and does not listen. */
export const deafServer: Rule = {
  name: 'deaf-server',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'A server publishes but is not subscribed: its clients hear nothing of the others.',
  fault: 'deaf-worker',
  check: ({ looks, traffic }: Evidence): readonly Diagnosis[] => {
    if (traffic === undefined) return [];
    return listServers(traffic).flatMap((sender) =>
      isUnknown(sender, looks) ? [diagnose(sender, looks)] : diagnoseLeft(sender, traffic),
    );
  },
  lacks: ({ looks, traffic }: Evidence): string | undefined =>
    looks.length === 0 && traffic !== undefined && listServers(traffic).length > 0
      ? `${NEEDS_REDIS}: a capture shows UNSUBSCRIBE, but not connections that break`
      : undefined,
};

function listServers({ senders }: Traffic): readonly Sender[] {
  return senders.list().filter(takesOwnChannel);
}

/** Redis knew no channel of it, whenever it was asked, while it spoke. */
function isUnknown(sender: Sender, looks: readonly Look[]): boolean {
  return (
    looks.length > 1 &&
    looks.every((look) => isAbsent(sender, look)) &&
    looks.some((look) => spans(sender, look))
  );
}

/** Others of its kind are seen by their own channels, and nobody is there who would not be. */
function isAbsent(sender: Sender, { groups }: Look): boolean {
  const group = groups.find(
    ({ adapter, key, nsp }) => adapter === ADAPTER_OF[sender.bus] && key === sender.key && nsp === sender.nsp,
  );
  return (
    group !== undefined &&
    group.uids.length > 0 &&
    group.counted <= group.uids.length &&
    !group.uids.includes(sender.uid)
  );
}

/** Servers that are stopped unsubscribe first, and may still say what they had begun. */
const LEAST_SECONDS = 2;
const LEAST_MESSAGES = 3;

/** It has unsubscribed, which a capture shows, and goes on speaking. */
function diagnoseLeft(sender: Sender, { subscriptions }: Traffic): readonly Diagnosis[] {
  const left = subscriptions.unsubscribed.find(({ uid }) => uid === sender.uid);
  const seconds = left === undefined ? 0 : (left.last - left.at) / 1e6;
  if (left === undefined || left.said < LEAST_MESSAGES || seconds < LEAST_SECONDS) return [];
  return [
    toDiagnosis(
      sender,
      `It unsubscribed from the channels of all, did not subscribe again, and has sent ${plural(left.said, 'message')} in the ${describeSeconds(seconds)} since.`,
    ),
  ];
}

function diagnose(sender: Sender, looks: readonly Look[]): Diagnosis {
  const { messages, channel } = sender;
  return toDiagnosis(
    sender,
    `${plural(messages, 'message')} from it on ${channel}; its own channel is unknown to Redis, ${looks.length} times in a row, before, while and after it spoke.`,
  );
}

function toDiagnosis(sender: Sender, seen: string): Diagnosis {
  const { uid, client } = sender;
  return {
    where: describePlace(sender),
    sentence: `The server ${uid} publishes but is not subscribed: it hears nothing of the others.`,
    seen: [seen],
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
