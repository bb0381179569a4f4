import { describePlace, type Evidence, isSameGroup } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import { type Attendance, countHomes, type ServerStay, type Stay } from '../taps/attendance.ts';
import type { Traffic } from '../traffic.ts';
import { listNames, plural } from '../words.ts';

/** Once or twice is a deploy. */
const LEAST_LIVES = 3;
/** Servers live for a second at least before they crash, most of them for some. */
const MOST_GAP_MICROS = 2e6;
/** What is stopped after longer may have been scaled down; a supervisor waits up to five minutes between two starts. */
const MOST_LIFE_MICROS = 300e6;
const MOST_APART_MICROS = 900e6;

/** A server starts, ends and starts again, under a new uid each time. */
export const crashLoop: Rule = {
  name: 'crash-loop',
  severity: 'breaks',
  needs: 'watch',
  isAboutServers: true,
  summary: 'A server ends and is started again, over and over; its clients are thrown out each time.',
  fault: 'crash-loop',
  check: ({ attendance, traffic }: Evidence): readonly Diagnosis[] => {
    if (attendance === undefined) return [];
    const broadcasters = findBroadcasters(traffic);
    const loops = attendance
      .groups()
      .map((group) => attendance.servers().filter((server) => isSameGroup(server, group)))
      .map((servers): Loop => ({
        lives: servers.filter((one) => isWhole(one, attendance) && !broadcasters.has(one.uid)),
        stayed: servers.filter(({ first, last }) => first === 0 && last === attendance.glances - 1),
      }))
      .filter((loop) => isLoop(loop, attendance));
    // One process has a uid for each namespace: it is told of where most is seen of it.
    const [worst] = [...loops].sort((a, b) => b.lives.length - a.lives.length);
    return worst === undefined ? [] : [diagnose(worst, traffic, attendance)];
  },
  lacks: ({ attendance }: Evidence): string | undefined =>
    attendance === undefined || attendance.medianGap <= MOST_GAP_MICROS
      ? undefined
      : `Redis was looked at every ${(attendance.medianGap / 1e6).toFixed(0)} s: who lives for less was not seen`,
};

/** Servers of one group: those whose beginning and end were seen, and those that were there all the time. */
interface Loop {
  readonly lives: readonly ServerStay[];
  readonly stayed: readonly ServerStay[];
}

/** Functions start a server only to emit: that is another matter, see emit-only-servers. */
function findBroadcasters(traffic: Traffic | undefined): ReadonlySet<string> {
  const senders = traffic?.senders.list() ?? [];
  return new Set(senders.filter(({ messages, broadcasts }) => messages === broadcasts).map(({ uid }) => uid));
}

function isWhole({ first, last }: Stay, { glances }: Attendance): boolean {
  return first > 0 && last < glances - 1;
}

/**
 * A rolling restart replaces everybody once before anybody twice: while somebody stays, no whole life is over. Where
 * nobody stays, restarts that go round look like crashes, unless there is only one server.
 */
function isLoop({ lives, stayed }: Loop, attendance: Attendance): boolean {
  const [one] = lives;
  if (one === undefined || !isQuick(lives, attendance)) return false;
  return stayed.length > 0 || attendance.mostAtOnce(one) === 1;
}

/** Short lives, one after the other and soon: in a long recording servers come and go for other reasons, several at once. */
function isQuick(lives: readonly ServerStay[], attendance: Attendance): boolean {
  const begins: number[] = [];
  let ended = Number.NEGATIVE_INFINITY;
  for (const life of [...lives].sort((a, b) => a.last - b.last)) {
    const begin = attendance.beganAt(life);
    if (begin < ended || attendance.lifeMicros(life) > MOST_LIFE_MICROS) continue;
    begins.push(begin);
    ended = attendance.leftAt(life);
  }
  return begins.some(
    (begin, at) => (begins[at + LEAST_LIVES - 1] ?? Number.NaN) - begin <= MOST_APART_MICROS,
  );
}

function diagnose({ lives, stayed }: Loop, traffic: Traffic | undefined, attendance: Attendance): Diagnosis {
  const [first] = lives;
  const uids = lives.map(({ uid }) => uid);
  const homes = findHomes(attendance);
  const from = homes.length === 1 ? ` at ${homes[0]?.value ?? ''}` : '';
  const seconds = (attendance.duration / 1e6).toFixed(0);
  return {
    ...(first === undefined ? {} : { where: describePlace(first) }),
    sentence: `A server${from} is started again and again: ${plural(lives.length, 'uid')} came and went within ${seconds} s.`,
    seen: [
      `${listNames(uids)} came and went; ${stayed.length === 0 ? 'nobody stayed' : `${plural(stayed.length, 'other server')} stayed`}.`,
      ...(traffic !== undefined && traffic.oddities.poison.length > 0
        ? ['Meanwhile payloads were published that servers crash of: see poison-payload.']
        : []),
    ],
    culprits: [
      ...homes,
      ...uids.slice(-1).map((value): Culprit => ({ is: 'uid', value, about: 'the last' })),
    ],
    symptom: 'clients of that server: "transport close", then they connect again; its supervisor: restarted',
    next: [
      'Read what that process said last: an uncaught exception, or out of memory.',
      'Look for what makes it end (poison-payload, buffer-pressure): sio-inspect doctor --via monitor',
    ],
    sure: 'likely',
  };
}

/** Hosts and names of the connections that came and went. */
function findHomes(attendance: Attendance): readonly Culprit[] {
  const ended = attendance.subscribers().filter((stay) => isWhole(stay, attendance));
  return countHomes(ended)
    .filter(({ count }) => count >= LEAST_LIVES)
    .map(({ host, name, count }) => ({
      is: 'connection',
      value: host,
      about: `${name === '' ? '' : `client name ${name}, `}${plural(count, 'sub connection')} came and went`,
    }));
}
