import { quoteWord } from '../commands.ts';
import type { Denial, Evidence } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { describeSeconds, plural } from '../words.ts';

/** Older entries are history. */
const RECENT_SECONDS = 86_400;
/** What adapters say to Redis (@socket.io/redis-adapter 8.3, @socket.io/redis-streams-adapter 0.3), as ACL LOG names it. */
const COMMANDS = /^(?:s?publish|[ps]?subscribe|pubsub(?:\|(?:shard)?numsub)?|xadd|xread|xrange)$/i;

/** Redis refused what an adapter needs. */
export const aclDenied: Rule = {
  name: 'acl-denied',
  severity: 'breaks',
  needs: 'static',
  summary: 'A Redis user may not use the channels or commands that its adapter needs.',
  fault: 'acl-denied',
  check: ({ looks }: Evidence): readonly Diagnosis[] =>
    (looks.at(-1)?.denials ?? [])
      .filter(({ ageSeconds }) => ageSeconds < RECENT_SECONDS)
      .filter(({ reason, object }) => isAdapters(reason, object))
      .map(diagnose),
  lacks: ({ looks }: Evidence): string | undefined =>
    looks.at(-1)?.hidden.some((text) => /\bACL\b/i.test(text)) === true ? 'needs ACL LOG' : undefined,
};

function isAdapters(reason: string, object: string): boolean {
  return reason === 'channel'
    ? /#\/|-re(?:quest|sponse)#/.test(object)
    : reason === 'command' && COMMANDS.test(object);
}

function diagnose({ reason, object, user, address, count, ageSeconds }: Denial): Diagnosis {
  const isChannel = reason === 'channel';
  return {
    sentence: `The Redis user "${user}" may not use the ${isChannel ? 'channel' : 'command'} ${object}.`,
    seen: [`ACL LOG: refused ${plural(count, 'time')}, last ${describeSeconds(ageSeconds)} ago.`],
    culprits: [
      { is: 'connection', value: address, about: `user ${user}` },
      ...(isChannel ? [{ is: 'channel' as const, value: object }] : []),
    ],
    symptom: isChannel
      ? `NOPERM this user has no permissions to access one of the channels used as arguments`
      : `NOPERM this user has no permissions to run the '${object}' command`,
    next: isChannel
      ? [
          object.endsWith('*')
            ? `A pattern is compared letter by letter, so the user needs just this one: ${allow(user, `&${object}`)}`
            : `Allow it: ${allow(user, `&${object}`)}`,
          'All that a classic adapter with this key needs: one pattern for each namespace, and its request and response channels. Afterwards: redis-cli ACL LOG RESET',
        ]
      : [`Allow it: ${allow(user, `+${object}`)}`, 'Afterwards: redis-cli ACL LOG RESET'],
    sure: 'sure',
  };
}

function allow(user: string, rule: string): string {
  return `redis-cli ACL SETUSER ${quoteWord(user)} ${quoteWord(rule)}`;
}
