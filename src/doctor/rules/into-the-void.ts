import { EMITTER } from '../../model/message.ts';
import { describePlace, type Evidence } from '../evidence.ts';
import { type KnownGroup, knownGroups, lacksListeners } from '../known-groups.ts';
import { nearestOf } from '../nearest.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import type { Sender } from '../taps/senders.ts';
import { plural } from '../words.ts';

/** Something is sent to a key and namespace where no server of any kind is subscribed. */
export const intoTheVoid: Rule = {
  name: 'into-the-void',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'Messages go to a key or namespace where no server is subscribed.',
  fault: 'wrong-key',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const { looks, traffic } = evidence;
    if (traffic === undefined || knownGroups(evidence).length === 0) return [];
    return traffic.senders
      .list()
      .filter(({ uid, bus }) => uid === EMITTER && bus === 'classic')
      .flatMap((sender) => {
        const groups = knownGroups(evidence, sender).flat();
        return isHeard(sender, groups) ? [] : [diagnose(sender, groups, looks.length > 0)];
      });
  },
  lacks: lacksListeners,
};

/** Classic servers hear what begins with their key and namespace (@socket.io/redis-adapter 8.3, lib/index.ts, `channel`). */
function isHeard({ key, nsp, channel }: Sender, groups: readonly KnownGroup[]): boolean {
  const here = groups.filter((group) => group.key === key && group.nsp === nsp);
  // What other adapters do not hear is for emitter-needs-classic.
  if (here.some(({ adapter }) => adapter !== 'redis')) return true;
  return (
    here.length > 0 && [`${key}#${nsp}#`, `${key}-request#${nsp}#`].some((start) => channel.startsWith(start))
  );
}

/** `isTold`: by Redis itself, and not only by the subscriptions that a capture happens to hold. */
function diagnose(sender: Sender, groups: readonly KnownGroup[], isTold: boolean): Diagnosis {
  const { channel, messages, event, client } = sender;
  const near = nearestOf(sender, groups);
  const culprits: Culprit[] = [{ is: 'channel', value: channel }];
  if (event !== undefined) culprits.push({ is: 'event', value: event });
  if (client !== undefined) culprits.push({ is: 'connection', value: client, about: 'published it' });
  return {
    where: describePlace(sender),
    sentence: `${plural(messages, 'message')} of an emitter went to ${channel}, where no server is subscribed.`,
    seen: [
      groups.length === 0
        ? 'No server is subscribed anywhere in this Redis.'
        : `${isTold ? 'Servers are subscribed' : 'In this capture servers subscribe'} for ${describeGroups(groups)}.`,
    ],
    culprits,
    symptom: 'no error: the emitter publishes, and clients hear nothing',
    next: [
      near === undefined
        ? 'Start the servers, or let the emitter publish to the Redis that they use.'
        : explain(sender, near),
    ],
    sure: groups.length === 0 || !isTold ? 'likely' : 'sure',
  };
}

function explain(sender: Sender, near: KnownGroup): string {
  if (sender.key === near.key && sender.nsp === near.nsp)
    return `Servers listen to channels that begin with ${near.key}#${near.nsp}#, up to the last #. Emitters before socket.io-emitter 1.0 publish elsewhere: update it, to @socket.io/redis-emitter.`;
  const wrong = [
    ...(sender.key === near.key ? [] : [`the key is "${sender.key}" there and "${near.key}" in the servers`]),
    ...(sender.nsp === near.nsp
      ? []
      : [`the namespace is "${sender.nsp}" there and "${near.nsp}" in the servers`]),
  ].join(', and ');
  return `Did you mean ${describePlace(near)}? Now ${wrong}: ${writeEmitter(sender, near)}`;
}

function writeEmitter({ key, nsp }: Sender, near: KnownGroup): string {
  const emitter = key === near.key ? 'emitter' : `new Emitter(redis, { key: "${near.key}" })`;
  if (near.nsp !== '/') return `${emitter}.of("${near.nsp}")`;
  return nsp === '/' ? emitter : `${emitter}, without .of("${nsp}")`;
}

function describeGroups(groups: readonly KnownGroup[]): string {
  return [...new Set(groups.map(describePlace))].slice(0, 5).join('; ');
}
