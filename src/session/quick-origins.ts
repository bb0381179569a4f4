import { BytePiece } from '../bytes/byte-block.ts';
import type { FrameHead } from '../model/frame.ts';
import { quoteJson } from '../render/json-value.ts';

const DELIVERIES: ReadonlySet<string> = new Set(['PUBLISH', 'PMESSAGE', 'MESSAGE']);
/** Connections that are remembered at a time. */
const MAX_CLIENTS = 4096;

/** What records say about where a frame comes from: neighbours in a capture mostly differ in the client, if at all. */
export class QuickOrigins {
  #last: FrameHead | undefined;
  #lastOrigin: BytePiece | null = null;
  /** Of frames that differ from the last one in their client only. */
  readonly #clients = new Map<string | undefined, BytePiece>();

  /** From `,"via":` to `"command":…`; null for what is no publish and no delivery of one. */
  get(frame: FrameHead): BytePiece | null {
    const last = this.#last;
    if (last !== undefined && isAlike(last, frame)) {
      if (last.client === frame.client || this.#lastOrigin === null) return this.#lastOrigin;
    } else {
      this.#clients.clear();
    }
    this.#last = frame;
    this.#lastOrigin = DELIVERIES.has(frame.command ?? '') ? this.#ofClient(frame) : null;
    return this.#lastOrigin;
  }

  #ofClient(frame: FrameHead): BytePiece {
    let origin = this.#clients.get(frame.client);
    if (origin !== undefined) return origin;
    if (this.#clients.size >= MAX_CLIENTS) this.#clients.clear();
    origin = new BytePiece(Buffer.from(writeOrigin(frame)));
    this.#clients.set(frame.client, origin);
    return origin;
  }
}

function isAlike(a: FrameHead, b: FrameHead): boolean {
  return (
    a.command === b.command &&
    a.via === b.via &&
    a.node === b.node &&
    a.db === b.db &&
    a.recordedVia === b.recordedVia
  );
}

function writeOrigin({ via, recordedVia, node, client, db, command }: FrameHead): string {
  const where = `,"via":"${via}"${field('recordedVia', recordedVia)}${field('node', node)}${field('client', client)}`;
  return `${where}${db === undefined ? '' : `,"db":${db}`}${field('command', command)}`;
}

function field(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${quoteJson(value)}`;
}
