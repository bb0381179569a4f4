import { allLooks, type Evidence, limitOf } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import { type Attendance, countHomes, type Stay, type SubscriberStay } from '../taps/attendance.ts';
import { describeSeconds, plural } from '../words.ts';

/** Two may happen by chance to live equally long. */
const LEAST_ENDS = 3;
/** CLIENT LIST rounds ages down to seconds. */
const ROUNDING_MICROS = 1e6;
/** Lives that are known less well than to three seconds have to be long enough to be alike all the same. */
const FINE_MICROS = 3e6;
const MOST_BLUR = 1 / 4;

/** Sub connections end after the same time, again and again, while their servers go on. */
export const reconnectRhythm: Rule = {
  name: 'reconnect-rhythm',
  severity: 'bites',
  needs: 'watch',
  isAboutServers: true,
  summary: 'Sub connections are closed after the same time again and again; what is sent meanwhile is lost.',
  fault: 'reconnect-rhythm',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const { attendance, looks } = evidence;
    if (attendance === undefined || !isSteady(attendance) || isRedisItself(evidence)) return [];
    const ended = findEnded(attendance);
    const rhythm = findRhythm(ended, attendance);
    return rhythm === undefined ? [] : [diagnose(rhythm, looks.at(-1)?.idleTimeoutSeconds)];
  },
  lacks: (evidence: Evidence): string | undefined => {
    const { attendance } = evidence;
    if (attendance === undefined) return undefined;
    if (!attendance.seesClients) return 'needs CLIENT LIST';
    if (!isSteady(attendance)) return 'servers came or went meanwhile';
    if (toleranceOf(attendance) > FINE_MICROS)
      return `Redis was looked at every ${(attendance.medianGap / 1e6).toFixed(0)} s: no period under ${describeSeconds(toleranceOf(attendance) / MOST_BLUR / 1e6)} was seen`;
    return isRedisItself(evidence) ? 'Redis closed connections itself, see buffer-pressure' : undefined;
  },
};

/** Redis closes subscribers that do not read fast enough; since 7.2 it counts them (src/server.c, INFO stats). */
function isRedisItself(evidence: Evidence): boolean {
  const { traffic } = evidence;
  const looks = allLooks(evidence);
  const { hardBytes } = limitOf(looks);
  const giant = traffic?.oddities.giant?.bytes ?? 0;
  const counts = looks.map(({ nodes }) => nodes.reduce((sum, { dropped = 0 }) => sum + dropped, 0));
  return (hardBytes > 0 && giant >= hardBytes) || new Set(counts).size > 1;
}

interface Ended {
  readonly stay: SubscriberStay;
  readonly at: number;
  readonly lifeMicros: number;
}

interface Rhythm {
  readonly lifeMicros: number;
  readonly ended: readonly Ended[];
}

/** The last glance may have fallen between the end of a connection and the beginning of the next. */
function isSettled({ last }: Stay, { glances }: Attendance): boolean {
  return last < glances - 2;
}

/** No server came or went: connections that end with their servers are none of our business. */
function isSteady(attendance: Attendance): boolean {
  const servers = attendance.servers();
  return servers.every((stay) => stay.first <= 1 && !isSettled(stay, attendance));
}

function findEnded(attendance: Attendance): readonly Ended[] {
  return attendance
    .subscribers()
    .filter((stay) => isSettled(stay, attendance))
    .map((stay) => {
      const at = attendance.leftAt(stay);
      return { stay, at, lifeMicros: at - stay.bornAt };
    })
    .sort((a, b) => a.at - b.at);
}

/** Lives that differ by less are alike. */
function toleranceOf({ medianGap }: Attendance): number {
  return ROUNDING_MICROS + medianGap;
}

/** Most lived equally long, and they did not all end of one event: that happens to connections of any age. */
function findRhythm(ended: readonly Ended[], attendance: Attendance): Rhythm | undefined {
  const lives = ended.map(({ lifeMicros }) => lifeMicros).sort((a, b) => a - b);
  const median = lives[Math.floor(lives.length / 2)];
  if (median === undefined) return undefined;
  const tolerance = toleranceOf(attendance);
  if (tolerance > Math.max(FINE_MICROS, median * MOST_BLUR)) return undefined;
  const alike = ended.filter(({ lifeMicros }) => Math.abs(lifeMicros - median) <= tolerance);
  const [first, last] = [alike[0], alike.at(-1)];
  const isSpread = first !== undefined && last !== undefined && last.at - first.at > tolerance;
  const isRhythm = alike.length >= LEAST_ENDS && alike.length * 3 >= ended.length * 2 && isSpread;
  return isRhythm ? { lifeMicros: median, ended: alike } : undefined;
}

function diagnose({ lifeMicros, ended }: Rhythm, idleTimeoutSeconds: number | undefined): Diagnosis {
  const period = describeSeconds(lifeMicros / 1e6);
  return {
    sentence: `Sub connections are closed about ${period} after they were opened, again and again, while the servers go on.`,
    seen: [
      `${plural(ended.length, 'sub connection')} lived about ${period} each, and ended one after the other; no uid came or went.`,
      ...(idleTimeoutSeconds === undefined || idleTimeoutSeconds === 0
        ? []
        : [
            `Redis' own timeout is ${describeSeconds(idleTimeoutSeconds)}, but it spares subscribers: something in between does it.`,
          ]),
    ],
    culprits: nameHomes(ended),
    symptom:
      'the sub connection is closed and opened again (ioredis: "close", "reconnecting"); clients miss some messages',
    next: [
      `Find what closes idle connections after ${period}: a load balancer, a proxy, a firewall, a service mesh. Give connections to Redis a longer time there.`,
      'Or keep them busy: pingInterval of redis (node-redis), or a timer that does sub.ping() with ioredis.',
    ],
    sure: 'likely',
  };
}

function nameHomes(ended: readonly Ended[]): readonly Culprit[] {
  return countHomes(ended.map(({ stay }) => stay)).map(({ host, name, count }) => ({
    is: 'connection',
    value: host,
    about: `${name === '' ? '' : `client name ${name}, `}closed ${plural(count, 'time')}`,
  }));
}
