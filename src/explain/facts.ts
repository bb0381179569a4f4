import type { Frame } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import { describeType } from './meanings/every-dialect.ts';
import type { Fact, Part } from './row.ts';

const FIELDS: Readonly<Record<string, { readonly part: Part; readonly note: string }>> = {
  uid: { part: 'sender', note: 'the server that sent it; it ignores its own copy' },
  nsp: { part: 'target', note: 'the namespace that it is for' },
  type: { part: 'structure', note: 'which kind of message' },
  data: { part: 'value', note: 'what this kind of message carries: the bytes below' },
};

const MOST_CHARACTERS = 200;

/** What a frame says beside its payload: the fields of a stream entry, the channels of a subscription. */
export function listFacts(frame: Frame, message: Message): Fact[] {
  if (frame.channels !== undefined) {
    return frame.channels.map((channel) => ({
      name: frame.command ?? 'channel',
      value: toText(channel),
      part: 'target',
      ...withNote(describeChannel(toText(channel))),
    }));
  }
  return (frame.entry?.fields ?? []).map(([name, value]) => describeField(toText(name), value, message));
}

function describeField(name: string, bytes: Uint8Array, message: Message): Fact {
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (name === 'data')
    return { name, value: `${bytes.length} bytes`, part: 'value', ...withNote(field?.note) };
  const value = toText(bytes.subarray(0, MOST_CHARACTERS));
  const type = name === 'type' && message.kind !== 'undecoded' ? (message.type ?? 'BROADCAST') : undefined;
  const meaning = describeType(type);
  const note = type === undefined || meaning === undefined ? field?.note : `${type}: ${meaning}`;
  return {
    name,
    value,
    part: field?.part ?? 'value',
    ...withNote(note ?? 'a field that no known version writes'),
  };
}

function describeChannel(name: string): string | undefined {
  if (name.includes('-request#')) return 'where servers ask each other';
  if (name.includes('-response#')) return 'where the answers come';
  if (name.endsWith('*')) return 'every channel that starts like this: a namespace and all its rooms';
  return /#[^#]*#.+/.test(name) ? 'one room, or one server' : 'a whole namespace';
}

function withNote(note: string | undefined): { readonly note?: string } {
  return note === undefined ? {} : { note };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
