import type { Lab } from './lab.ts';

/** What joins the servers of a fault. */
export type FaultAdapter = 'redis' | 'sharded' | 'streams';

/** What users see of a fault, or of its absence. */
export interface Symptom {
  /** As it stands in a log or on a screen. */
  readonly lines: readonly string[];
  /** True while the fault is there. */
  readonly isBad: boolean;
}

/** A fault that has been staged. */
export interface Staged {
  /** What was set up, a sentence each. */
  readonly story: readonly string[];
  /** Does what users do, and tells what comes of it. */
  symptom(): Promise<Symptom>;
  /** What goes on while the doctor listens, done again and again. */
  traffic?(): Promise<unknown>;
  cure(): Promise<void>;
}

/** A fault that everybody can see on their own machine. */
export interface Fault {
  readonly name: string;
  /** The rule that finds it; none where nothing of it passes through Redis: then the doctor must find nothing. */
  readonly rule?: string;
  /** One line: what is wrong. */
  readonly title: string;
  /** What the cure does, in a sentence. */
  readonly cure: string;
  /** More words for the Redis server. */
  readonly redisArgs?: readonly string[];
  /** It takes a Redis Cluster of so many primaries. */
  readonly clusterNodes?: number;
  /** The doctor has to listen for so long at least. */
  readonly listenMs?: number;
  /** With sharded servers it is MONITOR in any case: no pattern sees what goes through sharded pub/sub. */
  readonly via?: 'subscribe' | 'monitor';
  /** The adapters that it can be staged with, the one that is taken first; most make no difference by it. */
  readonly adapters?: readonly [FaultAdapter, ...FaultAdapter[]];
  /** `--expect` of the doctor. */
  readonly expect?: number;
  /** `--timeout` of the doctor. */
  readonly timeoutMs?: number;
  /** Other rules that are rightly broken by the same fault. */
  readonly alsoFound?: readonly string[];
  stage(lab: Lab, adapter: FaultAdapter): Promise<Staged>;
}

/** How the doctor has to listen. */
export function viaOf({ via = 'subscribe' }: Fault, adapter: FaultAdapter): 'subscribe' | 'monitor' {
  return adapter === 'sharded' ? 'monitor' : via;
}
