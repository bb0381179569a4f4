import { quoteText, safeText } from '../render/safe-text.ts';
import type { DemoAdapter } from './choices.ts';
import type { FleetWorker } from './fleet.ts';
import type { Outcome, SentCommand } from './reports.ts';
import type { Cast, Events } from './story.ts';
import { type Decoded, tellMessage } from './story-message.ts';
import { INDENT, type Style, step, suggest } from './story-style.ts';

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
  for (const other of others) lines.push(...tellOther(other, first, style));
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

/** Mostly the same as the first; in which order a worker asks is left to chance. */
function tellOther(worker: FleetWorker, first: FleetWorker | undefined, style: Style): string[] {
  const { uid = '?', number } = worker;
  if (first === undefined || questionsOf(worker) !== questionsOf(first)) return tellQuestions(worker, style);
  const who = `${style.theme.sender(`worker ${number}`)}  uid ${style.theme.value(safeText(uid))}`;
  return [`${INDENT}${who}  ${style.theme.dim('the same, with its own uid')}`];
}

function questionsOf({ asked, uid: own = '' }: FleetWorker): string {
  const lines = asked.map(({ command, words }) => [
    command,
    ...words.map((word) => word.replace(own, '<uid>')),
  ]);
  return JSON.stringify(lines.sort((a, b) => (a.join() < b.join() ? -1 : 1)));
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
    ...tellMessage(sent, received, decoded, style),
  ];
}

function tellVerb(adapter: DemoAdapter, workers: number): string {
  const verb = adapter === 'streams' ? 'adds it to the stream' : 'publishes it';
  if (workers === 1) return `${verb} all the same: it cannot know that nobody else is there`;
  return adapter === 'streams'
    ? `${verb} that all workers read`
    : `${verb} for the workers that it cannot see`;
}

function tellDirect({ toldDirectly }: Events, { b }: Cast): string {
  if (toldDirectly.length === 0) return 'has no other client to hand it to';
  if (toldDirectly.includes(b.welcome.id)) return 'hands it to B at once, for it holds both connections';
  return `hands it to its own other clients (${toldDirectly.length})`;
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

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
