import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import { noteUnder } from './bounded.ts';

/** Adapters whose versions do not understand each other, and on which side of the divide a message is. */
export interface Dialect {
  readonly family: 'classic' | 'sharded' | 'streams';
  readonly era: 'old' | 'new';
  /** False where it only looks so: a uid that older versions do not draw. */
  readonly isProven: boolean;
}

/** A sender of messages that only one era writes. */
export interface Speaker extends Dialect {
  readonly key: string;
  readonly nsp: string;
  readonly uid: string;
  /** What the version was concluded to be. */
  readonly version: string;
  /** Microseconds since 1970; NaN where the capture has no times. */
  readonly first: number;
  last: number;
  messages: number;
  client?: string;
}

/**
 * The versions that dissectors conclude from bytes, as they word them. Classic: notepack.io 3 came with
 * @socket.io/redis-adapter 8.0, and writes dates that its predecessors do not know (notepack.io 2.2, `lib/decode.js`).
 * Sharded: 8.2 does not write the namespace, without which socket.io-adapter ≥ 2.5.6 (`dist/cluster-adapter.js`,
 * `onMessage`) drops a message. Streams: 0.3 took requests out of the stream.
 */
const DIALECTS: readonly (Dialect & { readonly words: RegExp })[] = [
  { family: 'classic', era: 'new', isProven: true, words: /^@socket\.io\/redis-adapter 8\.x or / },
  { family: 'classic', era: 'new', isProven: false, words: /^@socket\.io\/redis-adapter 8\.x$/ },
  { family: 'classic', era: 'old', isProven: true, words: /^socket\.io-redis (?:≤ 2\.x|3\.x|5\.x or 6\.x)/ },
  { family: 'sharded', era: 'old', isProven: true, words: /^@socket\.io\/redis-adapter 8\.2\.x$/ },
  { family: 'sharded', era: 'new', isProven: true, words: /^@socket\.io\/redis-adapter ≥ 8\.3$/ },
  { family: 'streams', era: 'old', isProven: true, words: /^@socket\.io\/redis-streams-adapter 0\./ },
  { family: 'streams', era: 'new', isProven: true, words: /^@socket\.io\/redis-streams-adapter ≥ 0\.3$/ },
];

/** Who writes as only some versions do. */
export class Versions {
  readonly #speakers = new Map<string, Speaker>();
  readonly #dialects = new Map<string, Dialect | undefined>();

  add({ frame, message }: MessageSeen): void {
    const { uid, key, nsp, version } = message;
    if (uid === undefined || key === undefined || nsp === undefined || version === undefined) return;
    const dialect = this.#dialectOf(version);
    if (dialect === undefined) return;
    const { family, era } = dialect;
    const time = frame.time ?? Number.NaN;
    const speaker = noteUnder(
      this.#speakers,
      JSON.stringify([family, era, dialect.isProven, key, nsp, uid]),
      (): Speaker => ({ ...dialect, key, nsp, uid, version, first: time, last: time, messages: 0 }),
    );
    if (speaker === undefined) return;
    speaker.last = time;
    speaker.messages++;
    if (frame.client !== undefined) speaker.client = frame.client;
  }

  list(): readonly Speaker[] {
    return [...this.#speakers.values()];
  }

  #dialectOf(version: string): Dialect | undefined {
    if (this.#dialects.has(version)) return this.#dialects.get(version);
    const found = DIALECTS.find(({ words }) => words.test(version));
    const dialect =
      found === undefined ? undefined : { family: found.family, era: found.era, isProven: found.isProven };
    noteUnder(this.#dialects, version, () => dialect);
    return dialect;
  }
}
