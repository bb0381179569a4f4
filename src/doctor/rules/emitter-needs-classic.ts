import { EMITTER } from '../../model/message.ts';
import { describePlace, type Evidence } from '../evidence.ts';
import { knownGroups, lacksListeners } from '../known-groups.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { plural } from '../words.ts';

/** The emitter publishes on classic channels; servers with another adapter do not listen there. */
export const emitterNeedsClassic: Rule = {
  name: 'emitter-needs-classic',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'An emitter speaks to servers whose adapter does not listen to emitters.',
  fault: 'emitter-with-sharded',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const { looks, traffic } = evidence;
    if (traffic === undefined || knownGroups(evidence).length === 0) return [];
    return traffic.senders
      .list()
      .filter(({ uid, bus }) => uid === EMITTER && bus === 'classic')
      .flatMap((sender): Diagnosis[] => {
        const here = knownGroups(evidence, sender).map((groups) =>
          groups.filter(({ key, nsp }) => key === sender.key && nsp === sender.nsp),
        );
        const isDeaf = here.every(
          (groups) => groups.length > 0 && groups.every(({ adapter }) => adapter !== 'redis'),
        );
        const group = here.at(-1)?.[0];
        if (!isDeaf || group === undefined) return [];
        const name = group.adapter === 'redis-sharded' ? 'sharded' : 'streams';
        const { channel, messages, client, event } = sender;
        return [
          {
            where: describePlace(sender),
            sentence: `${plural(messages, 'message')} of an emitter went to ${channel}, but the servers there use the ${name} adapter, which does not listen to it.`,
            seen: [
              `${plural(group.uids.length, 'server')} with the ${name} adapter (${group.uids.join(', ')}), none with the classic one.`,
            ],
            culprits: [
              { is: 'channel', value: channel },
              ...(event === undefined ? [] : [{ is: 'event' as const, value: event }]),
              ...(client === undefined
                ? []
                : [{ is: 'connection' as const, value: client, about: 'published it' }]),
            ],
            symptom: 'no error: the emitter publishes, and clients hear nothing',
            next: [
              `Use the classic adapter, createAdapter(), or let a server emit instead: @socket.io/redis-emitter knows nothing of the ${name} adapter.`,
            ],
            sure: looks.length === 0 ? 'likely' : 'sure',
          },
        ];
      });
  },
  lacks: lacksListeners,
};
