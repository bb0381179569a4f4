import { describePlace, type Evidence } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { lacksRequests, missesAnswers } from '../shortfalls.ts';
import { identify } from '../suspects.ts';
import type { Outcome } from '../taps/outcomes.ts';
import { listNames, plural } from '../words.ts';

/** Once may be a pause of the garbage collector, or the moment of a deploy. */
const LEAST_LATE = 2;
/** Where nobody says how long servers wait: only who is never quicker is slow, and not the machine for a moment. */
const LEAST_SLOW = 3;

/** A server does answer, but nobody waits any more. */
export const lateReply: Rule = {
  name: 'late-reply',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'A server answers, but later than the others wait: they give up, and its answer is thrown away.',
  fault: 'late-reply',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    if (evidence.traffic === undefined || missesAnswers(evidence)) return [];
    const { list } = evidence.traffic.outcomes;
    const culprits = new Map<string, Late[]>();
    for (const outcome of list) {
      for (const { from, latencyMicros } of outcome.belated) {
        const id = JSON.stringify([outcome.key, outcome.nsp, from]);
        culprits.set(id, [...(culprits.get(id) ?? []), { outcome, latencyMicros, from }]);
      }
    }
    return [...culprits.values()].flatMap((late) => judge(late, list, evidence));
  },
  lacks: lacksRequests,
};

interface Late {
  readonly outcome: Outcome;
  readonly latencyMicros: number;
  readonly from: string | undefined;
}

function judge(late: readonly Late[], list: readonly Outcome[], evidence: Evidence): readonly Diagnosis[] {
  const tooLate = late.filter(({ outcome, latencyMicros }) => latencyMicros > outcome.limitMs * 1000);
  if (tooLate.length >= LEAST_LATE) {
    const isKnown = tooLate.every(({ outcome }) => outcome.isLimitKnown);
    return [diagnose(tooLate, isKnown ? 'sure' : 'likely', evidence)];
  }
  const [{ from, outcome } = { from: undefined, outcome: undefined }] = late;
  const isKnown = late.some((one) => one.outcome.isLimitKnown);
  const isEverQuick = list.some(
    ({ key, nsp, answerers }) =>
      key === outcome?.key && nsp === outcome.nsp && answerers.some((name) => name === from),
  );
  return from !== undefined && !isKnown && !isEverQuick && late.length >= LEAST_SLOW
    ? [diagnose(late, 'possible', evidence)]
    : [];
}

function diagnose(late: readonly Late[], sure: Diagnosis['sure'], evidence: Evidence): Diagnosis {
  const [first] = late;
  const { outcome, from } = first ?? {};
  const seconds = late.map(({ latencyMicros }) => latencyMicros / 1e6);
  const [least, most] = [Math.min(...seconds).toFixed(1), Math.max(...seconds).toFixed(1)];
  const took = least === most ? `${most} s` : `${least} to ${most} s`;
  const limit = `${((outcome?.limitMs ?? 0) / 1000).toLocaleString('en')} s`;
  const culprits = from === undefined ? [] : identify(from, evidence);
  const named = culprits.find(({ is }) => is === 'uid')?.value ?? from ?? 'A server';
  const types = listNames([...new Set(late.map((one) => nameOf(one.outcome)))]);
  const isOver = sure !== 'possible';
  return {
    ...(outcome === undefined ? {} : { where: describePlace(outcome) }),
    sentence: isOver
      ? `${named} answers after ${took}: whoever asks has given up after ${limit}.`
      : `${named} answers after ${took}: too late for servers whose requestsTimeout is shorter.`,
    seen: [
      `${plural(late.length, 'answer')} of it came that late (${types}).`,
      ...(sure === 'sure'
        ? []
        : [
            `How long servers wait is not in their messages: ${limit} is the default. --timeout says what yours is.`,
          ]),
    ],
    culprits,
    symptom: `timeout reached: only ${outcome?.answers ?? 0} responses received out of ${outcome?.expected ?? 0}`,
    next: [
      ...(culprits.length === 0 ? ['See which server it is: sio-inspect doctor --via monitor'] : []),
      'Look at that process: a handler that waits for something slow before it calls back, or an event loop that is blocked for moments (perf_hooks: monitorEventLoopDelay).',
      'Or wait longer: requestsTimeout of the classic adapter; io.timeout(ms) for fetchSockets() and broadcasts of the others.',
    ],
    sure,
  };
}

function nameOf({ type, event }: Outcome): string {
  return event === undefined ? type : `${type} "${event}"`;
}
