import { quoteText, safeText } from '../render/safe-text.ts';
import { padRight, textWidth } from '../render/text-width.ts';
import type { Theme } from '../render/theme.ts';
import type { FleetWorker } from './fleet.ts';
import type { DemoAdapter, Outcome, Received, SentCommand } from './reports.ts';
import type { Cast, Events } from './story.ts';

/** How the story is shown. */
export interface Style {
  readonly width: number;
  readonly theme: Theme;
}

/** A decoded message, field by field, as the story shows it. */
export interface Decoded {
  readonly encoding: string;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly note?: string }[];
}

const INDENT = '      ';
const NUMBERS = [
  'No',
  'One',
  'Two',
  'Three',
  'Four',
  'Five',
  'Six',
  'Seven',
  'Eight',
  'Nine',
  'Ten',
  'Eleven',
  'Twelve',
];

/** Step 1: who starts, and what each asks Redis for. */
export function tellStart(workers: readonly FleetWorker[], adapter: DemoAdapter, style: Style): string[] {
  const count = workers.length;
  const start = count === 1 ? 'One worker starts.' : `${NUMBERS[count] ?? String(count)} workers start.`;
  if (adapter === 'none') {
    const none = count === 1 ? 'It has' : 'They have';
    return step(1, `${start} ${none} no adapter: nothing joins them, and no Redis is needed.`, style);
  }
  const asks =
    adapter === 'streams'
      ? 'asks Redis for whatever is added to one stream from now on, and subscribes to two channels for questions and answers:'
      : 'asks Redis to pass on what the others say:';
  const lines = step(1, `${start} ${count === 1 ? 'It' : 'Each'} ${asks}`, style);
  lines.push('');
  const [first, ...others] = workers;
  if (first !== undefined) lines.push(...tellQuestions(first, style));
  for (const other of others) lines.push(tellSameQuestions(other, first, style));
  return lines;
}

function tellQuestions(worker: FleetWorker, style: Style): string[] {
  const who = `${INDENT}${style.theme.sender(`worker ${worker.number}`)}  uid ${style.theme.value(safeText(worker.uid ?? '?'))}`;
  return [who, ...worker.asked.flatMap((sent) => tellCommand(sent, style))];
}

function tellCommand({ command, words }: SentCommand, style: Style): string[] {
  const isRead = command === 'XREAD';
  const rows = isRead ? [words.join(' ')] : words;
  return rows.map((row, index) => {
    const head = (index === 0 ? command : '').padEnd(11);
    return `${INDENT}  ${style.theme.event(head)}${safeText(row)}`;
  });
}

function tellSameQuestions(worker: FleetWorker, first: FleetWorker | undefined, style: Style): string {
  const uid = worker.uid ?? '?';
  const strip = ({ asked, uid: own = '' }: FleetWorker): string =>
    JSON.stringify(
      asked.map(({ command, words }) => [command, words.map((word) => word.replace(own, '<uid>'))]),
    );
  const same = first !== undefined && strip(worker) === strip(first);
  const rest = same
    ? style.theme.dim('the same, with its own uid')
    : safeText(worker.asked.map(({ command, words }) => `${command} ${words.join(' ')}`).join('; '));
  return `${INDENT}${style.theme.sender(`worker ${worker.number}`)}  uid ${style.theme.value(safeText(uid))}  ${rest}`;
}

/** Step 2: where A and B landed. */
export function tellCast({ a, b }: Cast, workers: number, adapter: DemoAdapter, style: Style): string[] {
  const [of, at] = [a.welcome.worker, b.welcome.worker];
  const apart =
    adapter === 'none'
      ? 'They share no memory, and nothing else either.'
      : 'They share no memory: what A says can reach B only through Redis.';
  const text =
    of === at
      ? `Client A connects, and client B. ${workers === 1 ? 'There is only worker 1, so' : `Both land on worker ${of}:`} they share its memory.`
      : `Client A connects and lands on worker ${of}; client B lands on worker ${at}. ${apart}`;
  const row = (name: string, { id, worker }: Cast['a']['welcome']): string =>
    `${INDENT}${style.theme.sender(name)}  socket ${style.theme.value(safeText(id))}  ${style.theme.sender(`worker ${worker}`)}`;
  return [...step(2, text, style), '', row('A', a.welcome), row('B', b.welcome)];
}

/** Step 3: what A says, and what its worker makes of it. */
export function tellSaying(
  cast: Cast,
  events: Events,
  workers: number,
  adapter: DemoAdapter,
  decoded: Decoded | undefined,
  style: Style,
): string[] {
  const worker = `Worker ${cast.a.welcome.worker}`;
  const quote = style.theme.event(quoteText(events.text));
  const direct = tellDirect(events, cast);
  if (adapter === 'none') {
    return step(
      3,
      `A says ${quote}. ${worker} ${direct}. Nothing is published: it knows of no other worker.`,
      style,
    );
  }
  if (events.sent === undefined || events.received === undefined) {
    return step(3, `A says ${quote}. ${worker} ${direct}. Nothing of it was seen in Redis.`, style);
  }
  const { sent, received } = events;
  return [
    ...step(3, `A says ${quote}. ${worker} ${direct}, and ${tellVerb(adapter, workers)}:`, style),
    '',
    `${INDENT}${style.theme.event(sent.command)} ${safeText(sent.words.join(' '))}   ${tellSize(received, style)}`,
    '',
    ...dumpBytes(received.payload, style),
    '',
    ...(decoded === undefined ? [] : tellDecoded(decoded, style)),
  ];
}

function tellVerb(adapter: DemoAdapter, workers: number): string {
  const verb = adapter === 'streams' ? 'adds it to the stream' : 'publishes it';
  if (workers === 1) return `${verb} all the same: it cannot know that nobody else is there`;
  return adapter === 'streams'
    ? `${verb} that all workers read`
    : `${verb} for the workers that it cannot see`;
}

function tellSize({ payload, entry }: Received, style: Style): string {
  if (entry === undefined) return `${payload.length} bytes`;
  const others = entry.fields
    .filter(([name]) => name !== 'data')
    .map(([name, value]) => safeText(`${name} ${value}`));
  const fields = style.theme.dim([...others, `data (${payload.length} bytes)`].join('  '));
  return `\n${INDENT}  ${fields}`;
}

function tellDirect({ toldDirectly }: Events, { b }: Cast): string {
  if (toldDirectly.length === 0) return 'has no other client to hand it to';
  if (toldDirectly.includes(b.welcome.id)) return 'hands it to B at once, for it holds both connections';
  return `hands it to its own other clients (${toldDirectly.length})`;
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

/** Step 4: what Redis and the other workers made of it, and what B heard. */
export function tellHearing(
  cast: Cast,
  events: Events,
  workers: readonly FleetWorker[],
  adapter: DemoAdapter,
  style: Style,
): string[] {
  if (adapter === 'none') return tellSilence(cast, events, style);
  const lines = step(4, tellAnswer(events, workers.length, adapter), style);
  lines.push('');
  for (const { number } of workers) {
    lines.push(
      `${INDENT}${style.theme.sender(`worker ${number}`)}  ${tellOutcome(events.outcomes.get(number), cast)}`,
    );
  }
  lines.push('', tellHeard(events, style), '');
  if (cast.a.welcome.worker === cast.b.welcome.worker) {
    const why =
      workers.length === 1
        ? 'With one worker Redis has nothing to do: there is nobody else to tell.'
        : 'Redis was not needed for it: one worker holds both.';
    return [...lines, ...suggest(why, 'demo --workers 4', style)];
  }
  return [
    ...lines,
    ...suggest('Without the adapter B would have heard nothing:', 'demo --adapter none', style),
  ];
}

function tellAnswer({ sent }: Events, workers: number, adapter: DemoAdapter): string {
  const all = workers === 1 ? 'worker 1 alone' : `all ${NUMBERS[workers]?.toLowerCase() ?? workers}`;
  if (adapter === 'streams') {
    const entry = sent?.answer === undefined ? '' : ` as entry ${sent.answer}`;
    return `Redis keeps it${entry}, and wakes whoever waits for news of the stream: ${all}.`;
  }
  if (typeof sent?.answer !== 'number') return 'Redis hands it to whoever subscribed:';
  const extra = sent.answer > workers ? ` (of ${sent.answer} subscribers: somebody is watching)` : '';
  if (workers === 1) return `Redis hands it back to the only server there is${extra}: the one that sent it.`;
  return sent.answer < workers
    ? `Redis answers ${sent.answer}: so many subscribers it has handed it to, of ${workers} workers.`
    : `Redis hands it to ${all}${extra}, the sender too.`;
}

function tellOutcome(outcome: Outcome | undefined, { b }: Cast): string {
  switch (outcome?.is) {
    case undefined:
      return 'got nothing from Redis';
    case 'own':
      return 'ignores it   the uid is its own: its clients know already';
    case 'delivered': {
      const others = outcome.to.filter((id) => id !== b.welcome.id).length;
      const whom = [outcome.to.includes(b.welcome.id) ? 'B' : '', others > 0 ? `${others} more` : ''];
      return `tells ${whom.filter(Boolean).join(' and ')}`;
    }
    case 'nobody':
      return outcome.clients === 0
        ? 'ignores it   it has no clients'
        : `ignores it   none of its clients (${outcome.clients}) is meant`;
  }
}

function tellHeard(events: Events, style: Style): string {
  if (events.heardAfterMs === undefined)
    return `${INDENT}${style.theme.trouble('B heard nothing')} in ${seconds(events.waitedMs)}`;
  const heard = `← ${style.theme.good(quoteText(events.text))}`;
  return `${INDENT}${style.theme.sender('B')}  ${heard}   ${events.heardAfterMs.toFixed(1)} ms after A said it`;
}

function tellSilence(cast: Cast, events: Events, style: Style): string[] {
  const worker = cast.b.welcome.worker;
  if (events.heardAfterMs !== undefined) {
    return [
      ...step(4, 'B hears it from the worker that A talks to:', style),
      '',
      tellHeard(events, style),
      '',
      ...suggest(
        'One worker holds every connection and needs no adapter. Two do:',
        'demo --adapter none --workers 2',
        style,
      ),
    ];
  }
  return [
    ...step(4, `B hears nothing. Worker ${worker}, which holds its connection, never learned of it.`, style),
    '',
    tellHeard(events, style),
    '',
    ...suggest('With the adapter B hears it:', 'demo --adapter redis', style),
  ];
}

function suggest(why: string, what: string, style: Style): string[] {
  return [...wrap(why, 4, style), `${INDENT}${style.theme.strong(`npx sio-inspect ${what}`)}`];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function step(number: number, text: string, style: Style): string[] {
  const [first = '', ...rest] = wrap(text, 4, style);
  return ['', `${style.theme.strong(` ${number}  `)}${first.trimStart()}`, ...rest];
}

/** Lines that fit, broken between words. */
export function wrap(text: string, indent: number, { width }: Pick<Style, 'width'>): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent + textWidth(longer) >= width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((text) => ' '.repeat(indent) + text);
}
