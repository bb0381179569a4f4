import type { Evidence } from './evidence.ts';

/** `breaks`: messages are lost now. `bites`: it will. `info`: worth knowing, no problem. */
export type RuleSeverity = 'breaks' | 'bites' | 'info';

export type Certainty = 'sure' | 'likely' | 'possible';

/** Who or what a diagnosis is about. Values are a stranger's text: not yet safe for a terminal. */
export interface Culprit {
  readonly is: 'uid' | 'connection' | 'event' | 'channel' | 'room' | 'namespace';
  readonly value: string;
  /** What else is known about it: `idle for 48 s, client name worker-3`. */
  readonly about?: string;
}

/** One case of a rule. All texts may hold a stranger's names: not yet safe for a terminal. */
export interface Diagnosis {
  /** Where: `namespace /chat`, `key myapp, namespace /`; absent where it concerns the whole Redis. */
  readonly where?: string;
  /** One sentence. */
  readonly sentence: string;
  /** The numbers that it rests on, each a sentence. */
  readonly seen: readonly string[];
  readonly culprits: readonly Culprit[];
  /** What users' logs or clients show of it. */
  readonly symptom?: string;
  /** What to do; commands stand at the end of their sentence. */
  readonly next: readonly string[];
  readonly sure: Certainty;
}

export interface Rule {
  readonly name: string;
  readonly severity: RuleSeverity;
  /**
   * `static`: what Redis says when asked. `traffic`: messages must be seen. `watch`: Redis is asked again and again for
   * a while.
   */
  readonly needs: 'static' | 'traffic' | 'watch';
  /** True where it cannot be judged without a server that is subscribed. */
  readonly isAboutServers?: true;
  /** One sentence: what goes wrong. */
  readonly summary: string;
  /** The fault of the demo that sets it off. */
  readonly fault?: string;
  check(evidence: Evidence): readonly Diagnosis[];
  /** What it takes to judge, where this evidence does not hold it: `needs MONITOR: --via monitor`. */
  lacks?(evidence: Evidence): string | undefined;
}
