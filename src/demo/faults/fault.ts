import type { Lab } from './lab.ts';

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
  /** The rule that finds it. */
  readonly rule: string;
  /** One line: what is wrong. */
  readonly title: string;
  /** What the cure does, in a sentence. */
  readonly cure: string;
  /** More words for the Redis server. */
  readonly redisArgs?: readonly string[];
  readonly via?: 'subscribe' | 'monitor';
  /** `--expect` of the doctor. */
  readonly expect?: number;
  /** Other rules that are rightly broken by the same fault. */
  readonly alsoFound?: readonly string[];
  stage(lab: Lab): Promise<Staged>;
}
