import { ownChannel, type ServerGroup } from '../../redis/registry.ts';
import { describePlace, type Evidence, lastingGroups } from '../evidence.ts';
import { NEEDS_REDIS } from '../known-groups.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { identify } from '../suspects.ts';
import type { Outcome } from '../taps/outcomes.ts';
import type { Sender } from '../taps/senders.ts';
import { lacksRequests } from '../shortfalls.ts';
import { findUnlisted } from '../unlisted-servers.ts';
import { plural } from '../words.ts';

/** A server asks, all the others answer, and it does not hear them. */
export const deafRequester: Rule = {
  name: 'deaf-requester',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'A server asks and everybody answers, but it is not subscribed where answers to it go.',
  fault: 'deaf-requester',
  check: (evidence: Evidence): readonly Diagnosis[] =>
    // Counted like a server, without a channel of its own: a subscriber that is none does not ask.
    lastingGroups(evidence.looks, ({ uids, counted }) => counted > uids.length).flatMap((versions) =>
      findUnlisted(versions, evidence).flatMap((sender) => {
        const asked = requestsOf(sender, evidence);
        return asked.length === 0 ? [] : [diagnose(sender, versions, asked, evidence)];
      }),
    ),
  lacks: (evidence: Evidence): string | undefined =>
    evidence.looks.length === 0 ? NEEDS_REDIS : lacksRequests(evidence),
};

function requestsOf({ uid, key, nsp }: Sender, { traffic }: Evidence): readonly Outcome[] {
  return (traffic?.outcomes.list ?? []).filter(
    (outcome) => outcome.asker === uid && outcome.key === key && outcome.nsp === nsp,
  );
}

function diagnose(
  sender: Sender,
  versions: readonly [ServerGroup, ...ServerGroup[]],
  asked: readonly Outcome[],
  evidence: Evidence,
): Diagnosis {
  const [group] = versions;
  const { uid } = sender;
  const answers = Math.min(...asked.map((outcome) => outcome.answers));
  const others = Math.max(0, group.counted - 1);
  const { name: channel } = ownChannel(group, uid);
  return {
    where: describePlace(sender),
    sentence: `The server ${uid} asks and does not hear the answers: it is not subscribed to ${channel}.`,
    seen: [
      `${plural(asked.length, 'request')} from it got ${answers === others ? `all ${answers}` : answers} answers on the wire. Only its own log tells of timeouts.`,
      `Redis counts ${plural(group.counted, 'server')} and knows ${plural(group.uids.length, 'channel')} of their own, ${versions.length} times in a row: its own is not among them.`,
    ],
    culprits: [...identify(uid, evidence), { is: 'channel', value: channel }],
    symptom: `timeout reached: only 0 responses received out of ${others}`,
    next: [
      'Restart that server. Look for code that unsubscribes on the connection of the adapter (sub.unsubscribe() without names ends all of them), and give the application a connection of its own.',
    ],
    sure: 'sure',
  };
}
