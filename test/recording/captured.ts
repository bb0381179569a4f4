import fc from 'fast-check';
import type { Captured, Frame, Gap, Via } from '../../src/model/frame.ts';
import { LineWriter } from '../../src/recording/line-writer.ts';
import type { Kept } from '../../src/recording/recorder.ts';
import { RecordingReader } from '../../src/recording/recording-reader.ts';

export const HEADER =
  '{"sioInspectRecording":1,"tool":"sio-inspect test","startedAt":"2026-11-22T19:00:00.000Z","source":{"via":["subscribe"]}}\n';
export const END = '{"end":{"frames":0,"gaps":0,"time":"2026-11-22T19:00:00.000Z"}}\n';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const name = fc.oneof(
  fc.string({ maxLength: 20 }).map((text) => Buffer.from(text)),
  bytes,
);
const via = fc.constantFrom<Via>('monitor', 'subscribe', 'shard', 'stream', 'replication', 'pcap', 'text');
const time = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

/** Some of the optional fields, each of them there or not. */
function withOptional<T extends object, U extends object>(
  required: { [K in keyof T]: fc.Arbitrary<T[K]> },
  optional: { [K in keyof U]: fc.Arbitrary<U[K]> },
): fc.Arbitrary<T & Partial<U>> {
  const some = fc.record(optional, { requiredKeys: [] });
  return fc.tuple(fc.record(required), some).map(([a, b]) => ({ ...a, ...b }) as T & Partial<U>);
}

const origin = {
  time,
  node: fc.constantFrom('127.0.0.1:6379', '[::1]:7000'),
  client: fc.constantFrom('127.0.0.1:50550', 'unix:/a "b".sock', 'lua'),
  db: fc.nat(15),
};

const published = withOptional(
  { via },
  { ...origin, command: fc.constantFrom('PUBLISH', 'PMESSAGE', 'SET'), channel: name, payload: bytes },
);
const subscribed = withOptional(
  { via, channels: fc.array(name, { maxLength: 3 }) },
  { ...origin, command: fc.constant('SUBSCRIBE') },
);
const added = withOptional(
  {
    via,
    command: fc.constant('XADD'),
    channel: name,
    entry: withOptional(
      { fields: fc.array(fc.tuple(name, name), { maxLength: 3 }) },
      { id: fc.constant('1795375709291-0') },
    ),
  },
  origin,
).map((frame): Frame => {
  const payload = frame.entry.fields.find(([field]) => Buffer.from(field).toString('latin1') === 'data')?.[1];
  return payload === undefined ? frame : { ...frame, payload };
});

const gap = withOptional(
  {
    via,
    reason: fc.constantFrom<Gap['reason']>(
      'disconnected',
      'output-buffer',
      'trimmed',
      'dropped',
      'lost-segment',
      'truncated',
    ),
  },
  { node: origin.node, from: time, to: time, missed: fc.nat() },
);
const unframed = withOptional(
  { via, raw: bytes, code: fc.constant('unframed'), message: fc.string() },
  { time, offset: fc.nat() },
);

const asked = withOptional(
  { via, stream: name, from: fc.constantFrom('$', '-', '1795375709291-0') },
  { time, client: origin.client, to: fc.constantFrom('+'), count: fc.nat() },
);

/** Anything that a recording holds, but for the counted commands, which are written together. */
export const captured: fc.Arbitrary<Captured> = fc.oneof(
  fc
    .dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
    .map((look): Captured => ({ is: 'look', look })),
  fc
    .tuple(fc.constantFrom('XREAD' as const, 'XRANGE' as const), asked)
    .map(([command, read]): Captured => ({ is: 'other', command, read: { command, ...read } })),
  fc.oneof(published, subscribed, added).map((frame): Captured => ({ is: 'frame', frame })),
  gap.map((one): Captured => ({ is: 'gap', gap: one })),
  unframed.map((one): Captured => ({ is: 'unframed', unframed: one })),
);

/** What a reader is to make of it: seen by way of a recording. */
export function asRecorded(item: Captured): Captured {
  switch (item.is) {
    case 'frame':
      return { is: 'frame', frame: { ...item.frame, via: 'recording', recordedVia: item.frame.via } };
    case 'gap':
      return { is: 'gap', gap: { ...item.gap, via: 'recording', recordedVia: item.gap.via } };
    case 'unframed':
      return {
        is: 'unframed',
        unframed: { ...item.unframed, via: 'recording', recordedVia: item.unframed.via },
      };
    case 'other':
      return item.read === undefined
        ? item
        : { ...item, read: { ...item.read, via: 'recording', recordedVia: item.read.via } };
    case 'look':
      return item;
  }
}

/** A whole recording as text. */
export function record(items: readonly Kept[]): string {
  const writer = new LineWriter();
  const lines = items.map((item) =>
    item.is === 'removed' ? writer.writeRemoved(item.captured) : writer.write(item),
  );
  return `${HEADER}${lines.join('')}${writer.writeOthers()}${END}`;
}

export function read(recording: Uint8Array, chunkBytes = recording.length): Captured[] {
  const reader = new RecordingReader();
  const items: Captured[] = [];
  for (let at = 0; at < recording.length; at += chunkBytes)
    items.push(...reader.push(Buffer.from(recording.subarray(at, at + chunkBytes))));
  return [...items, ...reader.end()];
}
