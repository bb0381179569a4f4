import { describePlace, type Evidence, isSameGroup } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import { type Attendance, countHomes, type ServerStay, type Stay } from '../taps/attendance.ts';
import { listNames, plural } from '../words.ts';

/** Once or twice is a deploy. */
const LEAST_LIVES = 3;

/** A server starts, ends and starts again, under a new uid each time. */
export const crashLoop: Rule = {
  name: 'crash-loop',
  severity: 'breaks',
  needs: 'watch',
  summary: 'A server ends and is started again, over and over; its clients are thrown out each time.',
  fault: 'crash-loop',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const { attendance } = evidence;
    if (attendance === undefined) return [];
    const loops = attendance
      .groups()
      .map((group) => attendance.servers().filter((server) => isSameGroup(server, group)))
      .filter((servers) => isLoop(servers, attendance));
    // One process has a uid for each namespace: it is told of where most is seen of it.
    const lives = loops.map((servers) => servers.filter((stay) => isWhole(stay, attendance)));
    const [most] = [...lives].sort((a, b) => b.length - a.length);
    return most === undefined ? [] : [diagnose(most, evidence, attendance)];
  },
};

/** Its beginning and its end were seen. */
function isWhole({ first, last }: Stay, { glances }: Attendance): boolean {
  return first > 0 && last < glances - 1;
}

/**
 * A rolling restart replaces everybody once before anybody twice: while somebody stays, no whole life is over. Where
 * nobody stays, all must have ended again and again.
 */
function isLoop(servers: readonly ServerStay[], attendance: Attendance): boolean {
  const [one] = servers;
  if (one === undefined) return false;
  const lives = servers.filter((stay) => isWhole(stay, attendance)).length;
  const hasStayed = servers.some(({ first, last }) => first === 0 && last === attendance.glances - 1);
  return lives >= LEAST_LIVES * (hasStayed ? 1 : attendance.mostAtOnce(one));
}

function diagnose(lives: readonly ServerStay[], { traffic }: Evidence, attendance: Attendance): Diagnosis {
  const [first] = lives;
  const uids = lives.map(({ uid }) => uid);
  const homes = findHomes(attendance);
  const from = homes.length === 1 ? ` at ${homes[0]?.value ?? ''}` : '';
  const stayed = attendance
    .servers()
    .filter((server) => first !== undefined && isSameGroup(server, first))
    .filter((server) => server.first === 0 && server.last === attendance.glances - 1);
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
      'Look for what makes it end: sio-inspect doctor --via monitor --rule poison-payload --rule buffer-pressure',
      'Where these are functions that start only to emit, let them use @socket.io/redis-emitter.',
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
