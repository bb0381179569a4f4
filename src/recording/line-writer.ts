import { asBuffer } from '../bytes/decode-error.ts';
import type { Captured, Frame, Gap, StreamRead, Unframed } from '../model/frame.ts';
import { MAX_ORIGINS, recordBytes } from './format.ts';

/** Channel names whose JSON is kept: names repeat, and there may be one for each room. */
const MAX_CHANNELS = 4096;

/**
 * Turns what was captured into lines of a recording, each with its LF. Commands without traffic are counted and
 * written as one line by `writeOthers`.
 */
export class LineWriter {
  readonly #origins = new Map<string, number>();
  readonly #channels = new Map<string, string>();
  readonly #others = new Map<string, number>();
  #nextOrigin = 0;

  /** The lines of one item: none for a command that is only counted, two where a new origin has to be said first. */
  write(captured: Captured): string {
    switch (captured.is) {
      case 'frame':
        return this.#writeFrame(captured.frame, false);
      case 'gap':
        return writeGap(captured.gap);
      case 'unframed':
        return writeUnframed(captured.unframed, false);
      case 'other':
        if (captured.read !== undefined) return writeRead(captured.command, captured.read);
        this.addOther(captured.command, captured.count ?? 1);
        return '';
      case 'look':
        return `${JSON.stringify({ look: captured.look })}\n`;
    }
  }

  /** The line of an item whose payload must not be kept: it says so, and how long the payload was. */
  writeRemoved(captured: Captured): string {
    if (captured.is === 'frame') return this.#writeFrame(captured.frame, true);
    return captured.is === 'unframed' ? writeUnframed(captured.unframed, true) : this.write(captured);
  }

  addOther(command: string, count: number): void {
    this.#others.set(command, (this.#others.get(command) ?? 0) + count);
  }

  /** Says how many commands without traffic came since the last time; empty when there were none. */
  writeOthers(): string {
    if (this.#others.size === 0) return '';
    const line = `{"other":${JSON.stringify([...this.#others])}}\n`;
    this.#others.clear();
    return line;
  }

  #writeFrame(frame: Frame, isRemoved: boolean): string {
    const { time, command, channel, channels, entry, payload } = frame;
    const origin = this.#originLine(frame);
    let line = `${origin.line}{`;
    if (time !== undefined) line += `"t":${time},`;
    line += `"o":${origin.number}`;
    if (command !== undefined) line += `,"c":${JSON.stringify(command)}`;
    if (channel !== undefined) line += `,"ch":${this.#channelText(channel)}`;
    if (channels !== undefined) line += `,"chs":${JSON.stringify(channels.map(recordBytes))}`;
    if (isRemoved) return `${line},"removed":${payload?.length ?? 0}}\n`;
    if (entry !== undefined) {
      if (entry.id !== undefined) line += `,"id":${JSON.stringify(entry.id)}`;
      const fields = entry.fields.map(([name, value]) => [recordBytes(name), recordBytes(value)]);
      return `${line},"fields":${JSON.stringify(fields)}}\n`;
    }
    if (payload !== undefined) line += `,"n":${payload.length},"p":"${asBuffer(payload).toString('base64')}"`;
    return `${line}}\n`;
  }

  #originLine({ via, node, client, db, recordedVia }: Frame): {
    readonly number: number;
    readonly line: string;
  } {
    const key = `${recordedVia ?? via} ${node ?? ''} ${client ?? ''} ${db ?? ''}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return { number: known, line: '' };
    const number = this.#nextOrigin;
    this.#nextOrigin = (number + 1) % MAX_ORIGINS;
    if (this.#origins.size >= MAX_ORIGINS) {
      const [oldest] = this.#origins.keys();
      if (oldest !== undefined) this.#origins.delete(oldest);
    }
    this.#origins.set(key, number);
    const line = JSON.stringify({ origin: number, via: recordedVia ?? via, node, client, db });
    return { number, line: `${line}\n` };
  }

  #channelText(channel: Uint8Array): string {
    const key = asBuffer(channel).toString('latin1');
    let text = this.#channels.get(key);
    if (text === undefined) {
      if (this.#channels.size >= MAX_CHANNELS) this.#channels.clear();
      text = JSON.stringify(recordBytes(channel));
      this.#channels.set(key, text);
    }
    return text;
  }
}

function writeGap({ via, recordedVia, ...gap }: Gap): string {
  return `${JSON.stringify({ gap: { via: recordedVia ?? via, ...gap } })}\n`;
}

/** Written in its place among the frames, and counted there: by when it was asked the doctor judges. */
function writeRead(command: string, { via, recordedVia, stream, ...rest }: StreamRead): string {
  const read = { via: recordedVia ?? via, ...rest, stream: recordBytes(stream) };
  return `${JSON.stringify({ other: [[command, 1]], read })}\n`;
}

function writeUnframed({ via, recordedVia, raw, ...rest }: Unframed, isRemoved: boolean): string {
  const unframed = {
    via: recordedVia ?? via,
    ...rest,
    ...(isRemoved ? { removed: raw.length } : { raw: asBuffer(raw).toString('base64') }),
  };
  return `${JSON.stringify({ unframed })}\n`;
}
