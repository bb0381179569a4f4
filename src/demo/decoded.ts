import type { Frame } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { writeJsonValue } from '../render/json-value.ts';
import { safeText } from '../render/safe-text.ts';
import { Inspector } from '../session/inspector.ts';
import type { FleetWorker } from './fleet.ts';
import type { Received } from './reports.ts';
import type { Cast } from './story.ts';
import type { Decoded } from './story-message.ts';

/** What a worker got out of Redis, as the rest of sio-inspect sees a capture. */
export function toFrame(received: Received): Frame {
  const { command, channel, payload, entry } = received;
  const base = { channel: Buffer.from(channel), payload };
  if (entry === undefined) return { ...base, command, via: command === 'SMESSAGE' ? 'shard' : 'subscribe' };
  const fields = entry.fields.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const);
  return { ...base, via: 'stream', entry: { id: entry.id, fields } };
}

/** The message of the story, read by the same code that `monitor` and `decode` use, with a learner's notes. */
export function decodeForStory(
  received: Received,
  cast: Cast,
  workers: readonly FleetWorker[],
): Decoded | undefined {
  const observed = new Inspector().observe({ is: 'frame', frame: toFrame(received) });
  if (observed?.is !== 'message') return undefined;
  const { message } = observed;
  const fields = [
    uidField(message, workers),
    field(
      'type',
      codeOf(message),
      message.typeCode === undefined ? undefined : 'BROADCAST: pass it on to your clients',
    ),
    field('event', message.event),
    field('args', message.args?.map(show).join('  ')),
    field('nsp', message.nsp, message.nsp === '/' ? 'the namespace; this is the main one' : undefined),
    field(
      'rooms',
      list(message.rooms),
      message.rooms?.length === 0 ? 'none named: everyone in the namespace' : undefined,
    ),
    field('except', list(message.except), exceptNote(message, cast)),
    flagsField(message),
  ].filter((entry) => entry !== undefined);
  return { encoding: message.encoding ?? 'nothing we know', fields };
}

type Field = Decoded['fields'][number];

function field(name: string, value: string | undefined, note?: string): Field | undefined {
  if (value === undefined) return undefined;
  return { name, value: safeText(value), ...(note === undefined ? {} : { note }) };
}

function uidField({ uid }: Message, workers: readonly FleetWorker[]): Field | undefined {
  const sender = workers.find((worker) => worker.uid === uid);
  const note = sender === undefined ? undefined : `worker ${sender.number}: it knows its own message by it`;
  return field('uid', uid, note);
}

function flagsField({ flags }: Message): Field | undefined {
  if (flags === undefined) return undefined;
  const none = flags.type === 'map' && flags.entries.length === 0;
  return field('flags', show(flags), none ? 'no special wishes, such as volatile' : undefined);
}

function codeOf({ type, typeCode }: Message): string | undefined {
  if (typeCode === undefined) return undefined;
  return type === undefined ? String(typeCode) : `${typeCode} ${type}`;
}

function exceptNote({ except }: Message, { a }: Cast): string | undefined {
  const only = except?.length === 1 ? except[0] : undefined;
  return only?.type === 'str' && only.value === a.welcome.id
    ? 'that is A: it does not hear itself'
    : undefined;
}

function list(values: readonly Value[] | undefined): string | undefined {
  if (values === undefined) return undefined;
  return values.length === 0
    ? '[]'
    : values.map((value) => (value.type === 'str' ? value.value : show(value))).join('  ');
}

function show(value: Value): string {
  return writeJsonValue(value);
}
