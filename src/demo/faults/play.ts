import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../../doctor/examine.ts';
import { rules } from '../../doctor/rules/index.ts';
import { diagnoseLive } from '../../session/diagnose.ts';
import { type Fault, type FaultAdapter, type Staged, type Symptom, viaOf } from './fault.ts';
import { Lab } from './lab.ts';

/** Between two turns of what users do. */
const BREATH_MS = 50;

/** What happens on stage, in order. */
export type Scene =
  | { readonly is: 'staged'; readonly story: readonly string[]; readonly url: string }
  | { readonly is: 'symptom'; readonly symptom: Symptom; readonly afterCure: boolean }
  | { readonly is: 'listening'; readonly afterCure: boolean }
  | { readonly is: 'diagnosis'; readonly report: Report; readonly afterCure: boolean }
  | { readonly is: 'cured' };

export interface PlayOptions {
  /** What joins the servers, where the fault can be staged with several. */
  readonly adapter?: FaultAdapter;
  readonly listenMs: number;
  readonly signal: AbortSignal;
  readonly onScene: (scene: Scene) => void;
}

/**
 * Stages a fault, shows what users see of it, lets the doctor find it, cures it, and shows that it is gone.
 * @returns what did not come true; undefined when all did
 * @throws {DemoError}, {RedisFailure}
 */
export async function playFault(fault: Fault, options: PlayOptions): Promise<string | undefined> {
  const { onScene, signal, adapter = fault.adapters?.[0] ?? 'redis' } = options;
  const lab = await openLab(fault);
  try {
    const staged = await fault.stage(lab, adapter);
    onScene({ is: 'staged', story: staged.story, url: lab.redis.url });
    for (const afterCure of [false, true]) {
      signal.throwIfAborted();
      if (afterCure) {
        await staged.cure();
        onScene({ is: 'cured' });
      }
      const symptom = await staged.symptom();
      onScene({ is: 'symptom', symptom, afterCure });
      signal.throwIfAborted();
      onScene({ is: 'listening', afterCure });
      const report = await examineWhile(fault, staged, lab, { ...options, adapter });
      // Who was interrupted has not listened long enough to say anything.
      signal.throwIfAborted();
      onScene({ is: 'diagnosis', report, afterCure });
      const flaw = findFlaw(fault, symptom, report, afterCure);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  } finally {
    await lab.close();
  }
}

/** The Redis, or the cluster, that a fault takes. */
export function openLab({ redisArgs, clusterNodes }: Fault): Promise<Lab> {
  return clusterNodes === undefined ? Lab.open(redisArgs) : Lab.openCluster(clusterNodes);
}

/** The doctor listens while life goes on. */
async function examineWhile(
  fault: Fault,
  staged: Staged,
  lab: Lab,
  { listenMs, signal, adapter }: PlayOptions & { readonly adapter: FaultAdapter },
): Promise<Report> {
  const life = { isOver: false };
  const examined = diagnoseLive({
    rules,
    target: lab.target,
    via: viaOf(fault, adapter),
    forMs: staged.traffic === undefined ? 0 : Math.max(listenMs, fault.listenMs ?? 0),
    signal,
    ...(fault.expect === undefined ? {} : { expect: fault.expect }),
    ...(fault.timeoutMs === undefined ? {} : { timeoutMs: fault.timeoutMs }),
  }).finally(() => {
    life.isOver = true;
  });
  const living = async (): Promise<void> => {
    while (!life.isOver && staged.traffic !== undefined) {
      await staged.traffic();
      await delay(BREATH_MS);
    }
  };
  const [report] = await Promise.all([examined, living()]);
  return report;
}

function findFlaw(fault: Fault, symptom: Symptom, report: Report, afterCure: boolean): string | undefined {
  const found = report.cases.map(({ rule }) => rule.name);
  if (afterCure) {
    if (symptom.isBad) return 'the symptom was still there after the cure';
    return found.length === 0 ? undefined : `the doctor still found ${found.join(', ')} after the cure`;
  }
  if (!symptom.isBad) return 'the symptom did not show';
  if (fault.rule !== undefined && !found.includes(fault.rule)) return `the doctor did not find ${fault.rule}`;
  const others = found.filter((name) => name !== fault.rule && fault.alsoFound?.includes(name) !== true);
  return others.length === 0 ? undefined : `the doctor also accused ${others.join(', ')}`;
}
