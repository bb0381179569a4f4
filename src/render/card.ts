import type { Message } from '../model/message.ts';
import type { Observed } from '../model/observed.ts';
import type { Value } from '../model/value.ts';
import { showValue, showValues } from './human-value.ts';
import { formatTime } from './json-lines.ts';
import { showChannel } from './phrase.ts';
import { quoteText, safeText } from './safe-text.ts';
import { cutToColumns, formatBytes, padRight } from './text-width.ts';
import type { Theme } from './theme.ts';

export interface CardOptions {
  readonly theme: Theme;
  readonly columns: number;
  readonly full: boolean;
}

type Row = readonly [label: string, text: string];

/** Packet types by their names in socket.io-parser 4 (`PacketType`). */
const PACKET_TYPES = ['CONNECT', 'DISCONNECT', 'EVENT', 'ACK', 'CONNECT_ERROR', 'BINARY_EVENT', 'BINARY_ACK'];
const HEX_BYTES_SHOWN = 48;
const MAX_CELL = 20_000;

/** One message, a field a line: what a person wants who pasted a single dump. */
export function writeCard(observed: Extract<Observed, { is: 'message' }>, options: CardOptions): string {
  const { theme, columns, full } = options;
  const { frame, message } = observed;
  const rows = [...fieldRows(message), ...payloadRows(message)];
  if (frame.time !== undefined) rows.unshift(['time', formatTime(frame.time)]);
  if (frame.client !== undefined)
    rows.splice(frame.time === undefined ? 0 : 1, 0, ['client', safeText(frame.client)]);
  const width = Math.max(...rows.map(([label]) => label.length), 4);
  const lines = rows.map(([label, text]) => {
    const shown = full ? text : cutToColumns(text, columns - width - 4);
    return `  ${theme.dim(padRight(label, width))}  ${label === 'event' ? theme.event(shown) : shown}`;
  });
  return [
    heading(observed, theme),
    ...lines,
    ...errorLines(message, theme),
    ...findingLines(message, theme),
  ].join('\n');
}

function heading({ frame, message }: Extract<Observed, { is: 'message' }>, theme: Theme): string {
  const channel = showChannel(frame);
  const size = frame.payload === undefined ? [] : [formatBytes(frame.payload.length)];
  const kind =
    message.kind === 'undecoded'
      ? theme.trouble('not decodable')
      : theme.strong(message.type === undefined ? message.kind : `${message.kind} ${message.type}`);
  return [
    ...(channel === '' ? [] : [channel]),
    kind,
    ...(message.adapter === undefined ? [] : [message.adapter]),
    ...(message.encoding === undefined ? [] : [message.encoding]),
    ...size,
  ].join(theme.dim('  ·  '));
}

function fieldRows(message: Message): Row[] {
  const rows: Row[] = [];
  const add = (label: string, text: string | undefined): void => {
    if (text !== undefined)
      rows.push([label, text + (message.inferred?.includes(label) === true ? '  (inferred)' : '')]);
  };
  const list = (values: readonly Value[] | undefined): string | undefined =>
    values === undefined ? undefined : `[${showValues(values, MAX_CELL)}]`;
  add('uid', message.uid === undefined ? undefined : safeText(message.uid));
  add('nsp', message.nsp === undefined ? undefined : safeText(message.nsp));
  add(
    'packet',
    message.packetType === undefined
      ? undefined
      : `${message.packetType} ${PACKET_TYPES[message.packetType] ?? ''}`.trim(),
  );
  add('event', message.event === undefined ? undefined : quoteText(message.event));
  add('args', list(message.args));
  add('ackId', message.ackId === undefined ? undefined : showValue(message.ackId));
  add('rooms', list(message.rooms));
  add('except', list(message.except));
  add('flags', message.flags === undefined ? undefined : showValue(message.flags, MAX_CELL));
  add('requestId', message.requestId === undefined ? undefined : safeText(message.requestId));
  add('version', message.version);
  return rows;
}

function payloadRows(message: Message): Row[] {
  return (message.payload ?? []).map(([name, value]) => [safeText(name), showValue(value, MAX_CELL)]);
}

function errorLines(message: Message, theme: Theme): string[] {
  if (message.error === undefined) return [];
  const raw = Buffer.from((message.raw ?? new Uint8Array()).subarray(0, HEX_BYTES_SHOWN));
  const hex = raw.toString('hex').replace(/..(?!$)/g, '$& ');
  const { tried } = message.error;
  return [
    theme.trouble(`  ${safeText(message.error.message)}`),
    ...(tried.length < 2
      ? []
      : tried.map(({ as, why }) => theme.dim(`  tried: ${safeText(as)}: ${safeText(why)}`))),
    ...(hex === '' ? [] : [`  ${hex}`]),
  ];
}

function findingLines(message: Message, theme: Theme): string[] {
  return (message.findings ?? []).map(({ message: text }) => theme.warning(`  ! ${safeText(text)}`));
}
