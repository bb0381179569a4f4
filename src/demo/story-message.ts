import { safeText } from '../render/safe-text.ts';
import { padRight, textWidth } from '../render/text-width.ts';
import type { Received, SentCommand } from './reports.ts';
import { INDENT, type Style } from './story-style.ts';

/** A decoded message, field by field, as the story shows it. */
export interface Decoded {
  readonly encoding: string;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly note?: string }[];
}

/** A message as step 3 shows it: the command, the bytes that Redis passed on, and what they say. */
export function tellMessage(
  sent: SentCommand,
  received: Received,
  decoded: Decoded | undefined,
  style: Style,
): string[] {
  return [
    `${INDENT}${style.theme.event(sent.command)} ${safeText(sent.words.join(' '))}   ${tellSize(received, style)}`,
    '',
    ...dumpBytes(received.payload, style),
    '',
    ...(decoded === undefined ? [] : tellDecoded(decoded, style)),
  ];
}

function tellSize({ payload, entry }: Received, style: Style): string {
  if (entry === undefined) return `${payload.length} bytes`;
  const others = entry.fields
    .filter(([name]) => name !== 'data')
    .map(([name, value]) => safeText(`${name} ${value}`));
  const fields = style.theme.dim([...others, `data (${payload.length} bytes)`].join('  '));
  return `\n${INDENT}  ${fields}`;
}

const ROW = 16;
const MOST_ROWS = 16;

function dumpBytes(bytes: Uint8Array, style: Style): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length && rows.length < MOST_ROWS; at += ROW) {
    const row = [...bytes.subarray(at, at + ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
    rows.push(
      `${INDENT}${style.theme.dim(String(at).padStart(4))}  ${hex.padEnd(ROW * 3 - 1)}  ${style.theme.dim(text)}`,
    );
  }
  const left = bytes.length - MOST_ROWS * ROW;
  if (left > 0) rows.push(`${INDENT}      … ${left} more bytes`);
  return rows;
}

function tellDecoded({ encoding, fields }: Decoded, style: Style): string[] {
  const nameWidth = Math.max(...fields.map(({ name }) => name.length));
  const valueWidth = Math.min(24, Math.max(...fields.map(({ value }) => textWidth(value))));
  const lines = fields.map(({ name, value, note }) => {
    const shown = style.theme.value(padRight(value, valueWidth));
    const line = `${INDENT}  ${name.padEnd(nameWidth)}  ${shown}`;
    return note === undefined ? line.trimEnd() : `${line}  ${style.theme.dim(note)}`;
  });
  return [`${INDENT}decoded from ${encoding === 'json' ? 'JSON' : encoding}:`, ...lines];
}
