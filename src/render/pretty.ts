import type { Gap, Unframed } from '../model/frame.ts';
import type { Message, Severity } from '../model/message.ts';
import type { Observed } from '../model/observed.ts';
import type { Value } from '../model/value.ts';
import { excerptValues, showValue } from './human-value.ts';
import { phraseReply, phraseRequest, phraseTarget, plural, showChannel } from './phrase.ts';
import { safeText } from './safe-text.ts';
import { cutToColumns, formatBytes, padRight, splitAtColumns, textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';

export interface PrettyOptions {
  readonly theme: Theme;
  /** Width of the terminal; a line is cut to it unless `full`. */
  readonly columns: number;
  readonly full: boolean;
  /** Times in UTC instead of local time. */
  readonly utc?: boolean;
}

type MessageSeen = Extract<Observed, { is: 'message' }>;

/** Columns grow with what they hold, up to this: then the line moves instead of the table. */
const MAX_SENDER = 16;
const MAX_TARGET = 28;
const HEX_BYTES_SHOWN = 16;
/** Characters of values that are written at most before a line is cut: more cannot be seen on any terminal. Not with `full`. */
const MAX_CELL = 4000;
const MIN_VALUE_COLUMNS = 16;

/** One clear line per observation, aligned with the lines before it. Nothing of a payload leaves it unescaped. */
export class PrettyLines {
  readonly #theme: Theme;
  readonly #full: boolean;
  readonly #utc: boolean;
  #senderColumns = 7;
  #targetColumns = 18;
  columns: number;

  constructor(options: PrettyOptions) {
    this.#theme = options.theme;
    this.#full = options.full;
    this.#utc = options.utc ?? false;
    this.columns = options.columns;
  }

  /** The line, and lines below it for findings; without a line end. */
  write(observed: Observed): string {
    switch (observed.is) {
      case 'gap':
        return this.#line(
          this.#gutter(observed.gap.from, ''),
          [['warning', `⚠ gap: ${describeGap(observed.gap)}`]],
          '',
        );
      case 'unframed':
        return this.#unframed(observed.unframed);
      case 'message':
        return this.#message(observed);
    }
  }

  #message(seen: MessageSeen): string {
    const { frame, message } = seen;
    const gutter = this.#gutter(frame.time, message.uid ?? frame.client ?? '');
    const size = frame.payload === undefined ? '' : formatBytes(frame.payload.length);
    const findings = (message.findings ?? []).map((finding) =>
      this.#finding(finding.severity, finding.message),
    );
    return [this.#line(gutter, this.#cells(seen), size), ...findings].join('\n');
  }

  #cells(seen: MessageSeen): Cell[] {
    const { message } = seen;
    switch (message.kind) {
      case 'broadcast':
        return [
          ...this.#target(`→ ${phraseTarget(message)}`),
          ...this.#eventCells(message),
          ...flagCells(message),
        ];
      case 'request':
        return [
          ...this.#target(`? ${message.type ?? 'request'}${shortId(message)}`),
          ['dim', phraseRequest(message)],
          ...this.#eventCells(message),
          ...this.#payloadCells(message),
          ...flagCells(message),
        ];
      case 'response':
        return [
          ...this.#target(`✓ ${message.type ?? 'reply'}${shortId(message)}`),
          ['value', phraseReply(message)],
          ...this.#payloadCells(message),
        ];
      case 'cluster':
        return [
          ...this.#target(`· ${message.type ?? 'cluster'}`),
          ['dim', message.nsp === undefined ? '' : safeText(message.nsp)],
          ...this.#payloadCells(message),
        ];
      case 'subscription':
        return [...this.#target(`+ ${seen.frame.command ?? 'SUBSCRIBE'}`), ['value', channelList(seen)]];
      case 'undecoded':
        return undecodedCells(seen);
    }
  }

  #eventCells(message: Message): Cell[] {
    const payload = message.kind === 'broadcast' ? this.#payloadCells(message) : [];
    if (message.event === undefined) return payload;
    return [['event', safeText(message.event)], this.#valueCell('', message.args ?? []), ...payload];
  }

  /** Lists that `phraseReply` has counted are not shown again. */
  #payloadCells(message: Message): Cell[] {
    const counted = message.kind === 'response' && phraseReply(message) !== '';
    const shown = (message.payload ?? []).filter(
      ([name]) => !(counted && /^(?:sockets|clients|rooms|clientCount)$/.test(name)),
    );
    return shown.map(([name, value]) => this.#valueCell(`${safeText(name)}: `, [value]));
  }

  #valueCell(label: string, values: readonly Value[]): Cell {
    const limit = this.#full ? Number.POSITIVE_INFINITY : MAX_CELL;
    const { text, unwrittenBytes } = excerptValues(values, limit);
    return ['value', label + text, unwrittenBytes];
  }

  /** Time and sender. A bare dump has neither. */
  #gutter(time: number | undefined, sender: string): string {
    const clock = time === undefined ? '' : `${this.#theme.dim(formatClock(time, this.#utc))}  `;
    const name = safeText(sender);
    this.#senderColumns = Math.max(this.#senderColumns, Math.min(MAX_SENDER, textWidth(name)));
    return `${clock}${this.#theme.sender(padRight(name, this.#senderColumns))}  `;
  }

  #target(text: string): Cell[] {
    this.#targetColumns = Math.max(this.#targetColumns, Math.min(MAX_TARGET, textWidth(text)));
    return [
      ['target', this.#full ? text : padRight(cutToColumns(text, MAX_TARGET * 2), this.#targetColumns)],
    ];
  }

  #line(gutter: string, cells: readonly Cell[], size: string): string {
    const used = cells.filter(([, text]) => text.trim() !== '');
    const space = this.columns - textWidth(gutter) - (size === '' ? 0 : textWidth(size) + 2);
    const body = this.#fit(used, space);
    if (size === '') return (gutter + body).trimEnd();
    const gap = this.#full ? '  ' : ' '.repeat(Math.max(2, space - textWidth(body) + 2));
    return gutter + body + gap + this.#theme.dim(size);
  }

  /** The values give way first, as far as something of them stays readable; then the line is cut where it ends. */
  #fit(cells: readonly Cell[], space: number): string {
    if (this.#full) return this.#join(cells);
    const width = cells.reduce((sum, [, text]) => sum + textWidth(text) + 2, -2);
    const longest = cells.reduce((best, cell, index) => (isLonger(cell, cells[best]) ? index : best), 0);
    const room = textWidth(cells[longest]?.[1] ?? '') - (width - space);
    if (width <= space) return this.#join(cells);
    if (room < MIN_VALUE_COLUMNS) return this.#cut(cells, space);
    return this.#join(
      cells.map(([role, text, unwritten], index) => [
        role,
        index === longest ? cutToColumns(text, room, unwritten) : text,
      ]),
    );
  }

  #join(cells: readonly Cell[]): string {
    return cells.map(([role, text]) => this.#theme[role](text)).join('  ');
  }

  #cut(cells: readonly Cell[], space: number): string {
    const unwritten = cells.reduce((sum, [, , bytes = 0]) => sum + bytes, 0);
    const [shown, rest] = splitAtColumns(cells.map(([, text]) => text).join('  '), space, unwritten);
    const kept: Cell[] = [];
    let at = 0;
    for (const [role, text] of cells) {
      if (at < shown.length) kept.push([role, shown.slice(at, at + text.length)]);
      at += text.length + 2;
    }
    return this.#join(kept) + this.#theme.dim(rest);
  }

  #unframed(unframed: Unframed): string {
    const cells: Cell[] = [['trouble', `✗ not readable: ${safeText(unframed.message)}`]];
    return this.#line(
      this.#gutter(unframed.time, ''),
      [...cells, ['value', showBytes(unframed.raw)]],
      formatBytes(unframed.raw.length),
    );
  }

  #finding(severity: Severity, message: string): string {
    const text = `    ! ${safeText(message)}`;
    const paint =
      severity === 'info'
        ? this.#theme.dim
        : severity === 'warning'
          ? this.#theme.warning
          : this.#theme.trouble;
    return paint(this.#full ? text : cutToColumns(text, this.columns));
  }
}

type Role = 'target' | 'event' | 'value' | 'dim' | 'trouble' | 'warning';
type Cell = readonly [role: Role, text: string, unwrittenBytes?: number];

/** Values are cut before names, and the longest of them. */
function isLonger(cell: Cell, other: Cell | undefined): boolean {
  const rank = ([role, text]: Cell): number => textWidth(text) + (role === 'value' ? MAX_CELL * 2 : 0);
  return other === undefined || rank(cell) > rank(other);
}

function flagCells(message: Message): Cell[] {
  if (message.flags?.type !== 'map') return [];
  const flags = message.flags.entries.map(({ key, value }) => {
    const name = key.type === 'str' ? safeText(key.value) : showValue(key, 40);
    return value.type === 'bool' && value.value ? name : `${name}: ${showValue(value, 80)}`;
  });
  return flags.length === 0 ? [] : [['dim', flags.join(' ')]];
}

function undecodedCells({ frame, message }: MessageSeen): Cell[] {
  const channel = showChannel(frame);
  const where = channel === '' ? '' : ` on ${channel}`;
  return [
    ['trouble', `✗ not decodable${where}: ${safeText(message.error?.message ?? '')}`],
    ['value', showBytes(frame.payload ?? new Uint8Array())],
  ];
}

function showBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, HEX_BYTES_SHOWN))
    .toString('hex')
    .replace(/..(?!$)/g, '$& ');
  return bytes.length > HEX_BYTES_SHOWN ? `${hex} …` : hex;
}

function channelList({ frame }: MessageSeen): string {
  return (frame.channels ?? []).map((name) => safeText(Buffer.from(name).toString('utf8'))).join(' ');
}

function shortId(message: Message): string {
  return message.requestId === undefined ? '' : ` ${safeText(message.requestId.slice(0, 6))}`;
}

function describeGap(gap: Gap): string {
  const missed = gap.missed === undefined ? 'an unknown number of messages' : plural(gap.missed, 'message');
  const seconds =
    gap.from === undefined || gap.to === undefined ? '' : ` in ${((gap.to - gap.from) / 1e6).toFixed(1)} s`;
  return `${missed} missed${seconds} (${gap.reason})`;
}

function formatClock(micros: number, utc: boolean): string {
  const date = new Date(Math.floor(micros / 1000));
  const parts = utc
    ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds()]
    : [date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds()];
  const [hours, minutes, seconds, ms] = parts.map((part, index) =>
    String(part).padStart(index === 3 ? 3 : 2, '0'),
  );
  return `${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}.${ms ?? ''}`;
}
