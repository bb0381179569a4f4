import { createHash } from 'node:crypto';
import { EMITTER } from '../../model/message.ts';
import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import { noteUnder } from './bounded.ts';

/** Broadcasts of one event of one namespace: how often several servers said the very same at once. */
export interface Repeats {
  readonly key: string;
  readonly nsp: string;
  readonly event: string;
  /** Broadcasts in all. */
  broadcasts: number;
  /** Times that the same content came from several servers within a second, and how many copies these were. */
  occasions: number;
  copies: number;
  /** True where some of these were for certain rooms only. */
  isForRooms: boolean;
  readonly uids: Set<string>;
}

interface Said {
  readonly at: number;
  readonly uids: Set<string>;
}

const WITHIN_MICROS = 1e6;
const MAX_CONTENTS = 5000;

/** Looks for events that every server sends to the same clients: each client then gets one copy from each. */
export class RepeatTap {
  readonly #events = new Map<string, Repeats>();
  readonly #said = new Map<string, Said>();

  add({ frame, message }: MessageSeen): void {
    const { uid, event, key = '', nsp = '/', except } = message;
    if (message.kind !== 'broadcast' || uid === undefined || uid === EMITTER || event === undefined) return;
    // Who leaves a socket out answers that socket: nobody else does the same by accident.
    if ((except?.length ?? 0) > 0) return;
    const name = JSON.stringify([key, nsp, event]);
    const repeats = noteUnder(this.#events, name, () => {
      return {
        key,
        nsp,
        event,
        broadcasts: 0,
        occasions: 0,
        copies: 0,
        isForRooms: false,
        uids: new Set<string>(),
      };
    });
    if (repeats === undefined) return;
    repeats.broadcasts++;
    const isRepeated = this.#compare(repeats, `${name} ${fingerprint(message)}`, uid, frame.time ?? 0);
    if (isRepeated && (message.rooms?.length ?? 0) > 0) repeats.isForRooms = true;
  }

  list(): readonly Repeats[] {
    return [...this.#events.values()];
  }

  #compare(repeats: Repeats, content: string, uid: string, at: number): boolean {
    const said = this.#said.get(content);
    if (said === undefined || at - said.at > WITHIN_MICROS || said.uids.has(uid)) {
      if (this.#said.size >= MAX_CONTENTS) this.#said.clear();
      this.#said.set(content, { at, uids: new Set([uid]) });
      return false;
    }
    said.uids.add(uid);
    if (said.uids.size === 2) {
      repeats.occasions++;
      repeats.copies++;
      for (const other of said.uids) repeats.uids.add(other);
    }
    repeats.copies++;
    repeats.uids.add(uid);
    return true;
  }
}

/** Args and rooms as they stand in the payload. */
function fingerprint({ args = [], rooms = [], body }: MessageSeen['message']): string {
  const hash = createHash('sha1');
  for (const value of [...args, ...rooms]) {
    const bytes = body?.bytes.subarray(value.offset, value.offset + value.length) ?? new Uint8Array();
    hash.update(`${bytes.length} `).update(bytes);
  }
  return hash.digest('base64');
}
