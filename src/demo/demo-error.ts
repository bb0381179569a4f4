/** What the demo stumbled over: what was asked for, Redis, or a worker. */
export type DemoTrouble = 'usage' | 'redis' | 'worker';

/** Why the demo cannot go on: what was tried, what stands in the way, what to do. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
  readonly trouble: DemoTrouble;

  constructor(trouble: DemoTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}
