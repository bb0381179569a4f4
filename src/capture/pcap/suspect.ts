import { BoundarySearch } from './boundary-search.ts';
import { speakerOf, startsAsClient, startsTls } from './speech.ts';

/** The ends of a connection, in the order of their addresses. */
export type Side = 0 | 1;

export type Verdict = { readonly is: 'redis'; readonly server: Side } | { readonly is: 'tls' | 'stranger' };

/** What happened before the verdict, to be read again after it. */
export type Early = { readonly side: Side } & (
  | { readonly is: 'data'; readonly bytes: Buffer; readonly time: number | undefined }
  | { readonly is: 'gap'; readonly reason: 'lost-segment' | 'truncated' }
);

/** A connection that shows no command within so many bytes is somebody else's. */
const MAX_EARLY_BYTES = 256 * 1024;
const MAX_EARLY_EVENTS = 2000;
const TLS_HEAD_BYTES = 3;

/** A TCP connection of which it is not known whether it leads to Redis, and which end is the server. */
export class Suspect {
  readonly early: Early[] = [];
  /** Who said what the search of that side has just read. */
  readonly #speakers: ['client' | 'server' | undefined, 'client' | 'server' | undefined] = [
    undefined,
    undefined,
  ];
  readonly #searches = [this.#createSearch(0), this.#createSearch(1)] as const;
  readonly #heads: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  /** The server as the handshake or a port named by the user says. */
  server: Side | undefined;
  /** The user said that this port is Redis'. */
  readonly #isNamed: boolean;
  heldBytes = 0;

  constructor(server: Side | undefined, isNamed: boolean) {
    this.server = server;
    this.#isNamed = isNamed;
  }

  gap(side: Side, reason: 'lost-segment' | 'truncated'): Verdict | undefined {
    this.#searches[side].abandon();
    this.early.push({ is: 'gap', side, reason });
    return this.#limit();
  }

  /** `isStart`: the stream of this side was captured from its first byte. */
  data(side: Side, bytes: Buffer, time: number | undefined, isStart: boolean): Verdict | undefined {
    this.early.push({ is: 'data', side, bytes: Buffer.from(bytes), time });
    this.heldBytes += bytes.length;
    const head = Buffer.concat([this.#heads[side], bytes.subarray(0, 64)]).subarray(0, 64);
    this.#heads[side] = head;
    if (startsTls(head, isStart)) return { is: 'tls' };
    if (this.#isNamed && this.server !== undefined) {
      return head.length >= TLS_HEAD_BYTES || head[0] !== 0x16
        ? { is: 'redis', server: this.server }
        : undefined;
    }
    if (isStart && this.server !== undefined) return this.#judgeStart(side, head) ?? this.#limit();
    return this.#find(side, bytes, time) ?? this.#limit();
  }

  /** With the handshake captured the client's first bytes tell. */
  #judgeStart(side: Side, head: Buffer): Verdict | undefined {
    if (side === this.server || this.server === undefined) return undefined;
    const speaksRedis = startsAsClient(head);
    if (speaksRedis === undefined) return undefined;
    return speaksRedis ? { is: 'redis', server: this.server } : { is: 'stranger' };
  }

  #find(side: Side, bytes: Buffer, time: number | undefined): Verdict | undefined {
    const [first] = this.#searches[side].push(bytes, time) ?? [];
    if (first === undefined) return undefined;
    const isServer = this.#speakers[side] === 'server';
    return { is: 'redis', server: this.server ?? (isServer ? side : side === 0 ? 1 : 0) };
  }

  #createSearch(side: Side): BoundarySearch {
    return new BoundarySearch((value) => {
      const speaker = speakerOf(value);
      this.#speakers[side] = speaker;
      return speaker !== undefined;
    });
  }

  #limit(): Verdict | undefined {
    const isTooMuch = this.heldBytes > MAX_EARLY_BYTES || this.early.length > MAX_EARLY_EVENTS;
    return isTooMuch ? { is: 'stranger' } : undefined;
  }
}
