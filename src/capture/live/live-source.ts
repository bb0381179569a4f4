import { setImmediate as nextTurn } from 'node:timers/promises';
import { RespReader } from '../../bytes/resp.ts';
import { RespError, type RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Source } from '../../model/frame.ts';
import { Backlog } from './backlog.ts';
import type { Arrival } from './spool.ts';
import { Keeper } from './keeper.ts';
import type { Decode, LiveOptions, Session, Way } from './way.ts';

/** Between two batches the socket is read: a batch must be done in a few milliseconds, whatever is done with it. */
const BATCH_FRAMES = 256;
const BATCH_BYTES = 256 * 1024;
/** Node reads a socket in pieces of this size (libuv): a whole one means that there is more. */
const READ_BYTES = 64 * 1024;
/** Past half of the buffer the socket is read so often, some 2 MB each time, before something is decoded all the same. */
const DRAIN_TURNS = 64;
/** What is shown of bytes that are no RESP. */
const MAX_RAW_BYTES = 4096;

/**
 * A source that keeps `way` attached. The socket is always read first, into the backlog; decoding happens afterwards,
 * in small batches with a turn of the event loop between them, and never holds the socket back.
 *
 * The first attachment must succeed (RedisFailure); afterwards it reconnects until the signal aborts, and yields a
 * gap for each time without a connection. On abort everything that has arrived is yielded first.
 */
export function createLiveSource(way: Way, options: LiveOptions): Source {
  return async function* (signal) {
    const { bufferBytes, spoolDirectory, onEvent } = options;
    const backlog = new Backlog({
      ...(bufferBytes === undefined ? {} : { bufferBytes }),
      ...(spoolDirectory === undefined ? {} : { spoolDirectory }),
      onSpool: () => onEvent?.({ is: 'spooling' }),
    });
    const keeper = new Keeper(way, options, backlog);
    const onAbort = (): void => {
      void keeper.finish();
    };
    try {
      await keeper.start(signal);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      yield* readBatches(new Stream(way, keeper), backlog);
      if (keeper.failure !== undefined) throw keeper.failure;
      if (keeper.lastGap !== undefined) yield [{ is: 'gap', gap: keeper.lastGap }];
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      await keeper.close();
      await backlog.close();
    }
  };
}

async function* readBatches(stream: Stream, backlog: Backlog): AsyncGenerator<readonly Captured[]> {
  for (;;) {
    const batch = stream.read(backlog);
    if (batch.length > 0) {
      yield batch;
      await drainSocket(backlog);
    } else if (!(await backlog.more())) {
      return;
    }
  }
}

/**
 * Lets the socket be read, and again while it brings as much as one read can hold: in a burst Redis throws out whoever
 * decodes before reading. What memory does not hold goes to the spool meanwhile.
 */
async function drainSocket(backlog: Backlog): Promise<void> {
  for (let turn = 0; turn < DRAIN_TURNS || backlog.hasRoom; turn++) {
    const before = backlog.pushedBytes;
    await nextTurn();
    if (backlog.pushedBytes - before < READ_BYTES) return;
  }
}

/** The bytes of all sessions, one after the other, as what was captured. */
class Stream {
  readonly #way: Way;
  readonly #keeper: Keeper;
  #reader = new RespReader();
  #pushedBytes = 0;
  #number = 0;
  #time = 0;
  #last: Uint8Array = new Uint8Array();
  #decode: Decode | undefined;

  constructor(way: Way, keeper: Keeper) {
    this.#way = way;
    this.#keeper = keeper;
  }

  /** As much as may be done in one go; nothing when the backlog has nothing at hand. */
  read(backlog: Backlog): Captured[] {
    const batch: Captured[] = [];
    const end = this.#reader.consumedBytes + BATCH_BYTES;
    while (batch.length < BATCH_FRAMES && this.#reader.consumedBytes < end) {
      const value = this.#next(batch);
      if (value !== undefined) {
        const captured = this.#decode?.(value, this.#time);
        if (captured === undefined) continue;
        if (isSeveral(captured)) batch.push(...captured);
        else batch.push(captured);
        continue;
      }
      const arrival = backlog.take();
      if (arrival === undefined) break;
      if (arrival.session !== this.#number && this.#switchTo(arrival.session, batch)) {
        this.#push(arrival);
        break;
      }
      this.#push(arrival);
    }
    return batch;
  }

  #push(arrival: Arrival): void {
    this.#time = arrival.time;
    if (this.#decode === undefined) return;
    this.#last = arrival.bytes;
    this.#pushedBytes += arrival.bytes.length;
    this.#reader.push(arrival.bytes);
  }

  #next(batch: Captured[]): RespValue | undefined {
    if (this.#decode === undefined) return undefined;
    try {
      return this.#reader.next();
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      // Whoever sent this is no Redis any more: nothing after it can be trusted.
      const { code, message, offset } = error;
      const raw = this.#last.subarray(0, MAX_RAW_BYTES);
      batch.push({
        is: 'unframed',
        unframed: { via: this.#way.via, time: this.#time, raw, code, message: `${message} (byte ${offset})` },
      });
      this.#decode = undefined;
      this.#keeper.drop();
      return undefined;
    }
  }

  /** Begins a new session; true when a gap was noted, which belongs before all that follows. */
  #switchTo(number: number, batch: Captured[]): boolean {
    const session = this.#keeper.takeSession(number);
    const cut = this.#pushedBytes > this.#reader.consumedBytes;
    this.#number = number;
    if (session?.continuesBytes === true && this.#decode !== undefined) return false;
    this.#reader = new RespReader();
    this.#pushedBytes = 0;
    this.#decode = session === undefined ? undefined : this.#way.createDecoder(session);
    if (session?.gap === undefined) return false;
    batch.push({ is: 'gap', gap: this.#explain(session.gap, cut) });
    return true;
  }

  /** A connection that ended within a message while Redis had more to send: it was too much for its output buffer. */
  #explain(gap: NonNullable<Session['gap']>, cut: boolean): NonNullable<Session['gap']> {
    const outOfBuffer = cut && this.#way.limited && gap.reason === 'disconnected';
    return outOfBuffer ? { ...gap, reason: 'output-buffer', from: this.#time } : gap;
  }
}

function isSeveral(captured: Captured | readonly Captured[]): captured is readonly Captured[] {
  return Array.isArray(captured);
}
