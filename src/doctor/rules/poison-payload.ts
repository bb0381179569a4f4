import { quoteWord } from '../commands.ts';
import { allLooks, describePlace, type Evidence } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { Poison } from '../taps/oddities.ts';
import { plural } from '../words.ts';

/** Something unreadable is published where classic servers decode everything. */
export const poisonPayload: Rule = {
  name: 'poison-payload',
  severity: 'breaks',
  needs: 'traffic',
  summary:
    'A payload that servers cannot decode is published on their broadcast channel: on ioredis they crash.',
  fault: 'poison-payload',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const { traffic } = evidence;
    if (traffic === undefined) return [];
    const groups = allLooks(evidence).flatMap((look) => look.groups);
    return traffic.oddities.poison.flatMap((poison) => {
      const isClassic = groups.some(({ adapter, key }) => adapter === 'redis' && key === poison.key);
      const speaksClassic = traffic.senders
        .list()
        .some(({ bus, key, uid }) => bus === 'classic' && key === poison.key && uid !== 'emitter');
      // What the ClusterAdapter family writes is poison only where classic servers listen too.
      if (poison.isForeign && !isClassic && !speaksClassic) return [];
      return [
        diagnose(poison, { hasClassic: isClassic || speaksClassic, isLive: evidence.isCapture !== true }),
      ];
    });
  },
};

interface Scene {
  readonly hasClassic: boolean;
  /** And no capture, in which it can be looked up. */
  readonly isLive: boolean;
}

function diagnose(poison: Poison, { hasClassic, isLive }: Scene): Diagnosis {
  const { channel, count, why, hex, client } = poison;
  return {
    where: describePlace(poison),
    sentence: `${plural(count, 'message')} on ${channel} cannot be read by classic servers: those on ioredis crash of ${count === 1 ? 'it' : 'them'}.`,
    seen: [why, `It begins with the bytes ${hex}.`],
    culprits: [
      { is: 'channel', value: channel },
      ...(client === undefined ? [] : [{ is: 'connection' as const, value: client, about: 'published it' }]),
    ],
    symptom:
      'an uncaught exception out of notepack.io or out of RedisAdapter.onmessage, and the process ends',
    next: [
      ...(client === undefined && isLive
        ? ['See who publishes it: sio-inspect doctor --via monitor --rule poison-payload']
        : []),
      'Publish with an emitter of the same kind as the adapter, and give everything else its own key.',
      explain(poison, isLive),
    ],
    sure: hasClassic ? 'sure' : 'likely',
  };
}

/** How to look at it: the next one, or where a capture has it. */
function explain({ isForeign, key }: Poison, isLive: boolean): string {
  const ofKey = key === 'socket.io' ? '' : ` --key ${quoteWord(key)}`;
  if (isForeign)
    return `See what else comes of it: sio-inspect ${isLive ? `monitor${ofKey}` : 'decode FILE'}`;
  return isLive
    ? `See the next one byte by byte: sio-inspect record poison.rec --kind undecoded${ofKey} --count 1 && sio-inspect explain poison.rec`
    : 'See it byte by byte, FILE being the capture: sio-inspect explain --kind undecoded FILE';
}
