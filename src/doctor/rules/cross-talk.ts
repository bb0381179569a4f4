import { type Evidence, groupByPlace } from '../evidence.ts';
import { lacksMonitor } from '../known-groups.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import type { Tenant } from '../taps/databases.ts';
import { listNames, plural } from '../words.ts';

/** One message may come from a connection that is just being set up. */
const LEAST_MESSAGES = 2;
const EVENTS_SHOWN = 4;

/** Deployments that believe to be apart, because they use different databases. */
export const crossTalk: Rule = {
  name: 'cross-talk',
  severity: 'bites',
  needs: 'traffic',
  summary: 'Servers with different databases share a key: pub/sub knows no database, each hears the others.',
  fault: 'shared-redis',
  check: ({ traffic }: Evidence): readonly Diagnosis[] => {
    const tenants = (traffic?.databases.list() ?? []).filter(
      ({ isRoaming, messages }) => !isRoaming && messages >= LEAST_MESSAGES,
    );
    return groupByPlace(tenants).flatMap(([where, here]) => {
      const dbs = [...new Set(here.map(({ db }) => db))].sort((a, b) => a - b);
      return dbs.length > 1 ? [diagnose(where, here, dbs)] : [];
    });
  },
  lacks: lacksMonitor,
};

function diagnose(where: string, here: readonly Tenant[], dbs: readonly number[]): Diagnosis {
  const ofDb = (db: number): readonly Tenant[] => here.filter((tenant) => tenant.db === db);
  const described = dbs.map((db) => `${plural(ofDb(db).length, 'server')} with database ${db}`);
  const events = dbs.map((db) => new Set(ofDb(db).flatMap((tenant) => [...tenant.events])));
  const isApart = events.every(
    (one, at) =>
      one.size > 0 &&
      events.every((other, index) => at === index || ![...one].some((event) => other.has(event))),
  );
  return {
    where,
    sentence: `${listNames(described)} share this key: what the ones send reaches the clients of the others.`,
    seen: [
      `${plural(
        here.reduce((sum, { messages }) => sum + messages, 0),
        'message',
      )} from databases ${listNames(dbs.map(String))}, all on the channels of one key.`,
      ...(isApart
        ? [
            `They have no event in common: ${events.map((names, at) => `${listNames([...names].slice(0, EVENTS_SHOWN))} (database ${dbs[at] ?? ''})`).join('; ')}.`,
          ]
        : []),
    ],
    culprits: here.map(({ uid, db, client }): Culprit => {
      const from = client === undefined ? '' : `, from ${client}`;
      return { is: 'uid', value: uid, about: `database ${db}${from}` };
    }),
    symptom: 'users of one environment see messages of another; counts and timeouts that nobody can explain',
    next: [
      'Give each environment a key of its own: createAdapter(pub, sub, { key: "staging" }), and the same key to its emitters; channelPrefix for sharded and streams.',
      'A database of its own does not separate them: PUBLISH reaches subscribers of all databases.',
    ],
    sure: isApart ? 'sure' : 'likely',
  };
}
