import assert from 'node:assert/strict';
import { readMonitorLine } from '../../src/bytes/monitor-line.ts';
import { frameFromCommand } from '../../src/capture/command.ts';
import { type DissectOptions, dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import type { Message } from '../../src/model/message.ts';
import type { Value } from '../../src/model/value.ts';

/** The frame of a line that MONITOR printed. */
export function frameOf(line: string): Frame {
  const { time, db, client, args } = readMonitorLine(Buffer.from(line, 'latin1'));
  const captured = frameFromCommand({ via: 'monitor', time, db, client }, args);
  assert.equal(captured.is, 'frame', line);
  return captured.frame;
}

/** What a pasted payload becomes: a frame without channel and command. */
export function bare(payload: Uint8Array | string): Frame {
  return { via: 'text', payload: Buffer.from(payload) };
}

/** Dissects, and shows the message as plain values, without its tree. */
export function dissectPlainly(frame: Frame | string, options?: DissectOptions): Record<string, unknown> {
  const message = dissect(typeof frame === 'string' ? frameOf(frame) : frame, options);
  assert.ok(message, 'the frame is no message');
  return plain(message);
}

export function plain(message: Message): Record<string, unknown> {
  const { body, args, ackId, rooms, except, flags, payload, ...rest } = message;
  const values: Record<string, unknown> = { ...rest };
  for (const [name, list] of Object.entries({ args, rooms, except })) {
    if (list !== undefined) values[name] = list.map(plainValue);
  }
  if (flags !== undefined) values.flags = plainValue(flags);
  if (ackId !== undefined) values.ackId = plainValue(ackId);
  if (payload !== undefined)
    values.payload = Object.fromEntries(payload.map(([name, value]) => [name, plainValue(value)]));
  assert.ok(body === undefined || body.root.length <= body.bytes.length);
  return values;
}

export function plainValue(value: Value): unknown {
  switch (value.type) {
    case 'nil':
      return null;
    case 'undefined':
      return undefined;
    case 'bool':
    case 'int':
    case 'float':
    case 'str':
      return value.value;
    case 'bin':
      return { hex: Buffer.from(value.bytes).toString('hex') };
    case 'date':
      return new Date(value.seconds * 1000 + value.nanos / 1e6);
    case 'array':
      return value.items.map(plainValue);
    case 'map':
      return Object.fromEntries(value.entries.map((entry) => [plainKey(entry.key), plainValue(entry.value)]));
    case 'ext':
    case 'opaque':
      return value;
  }
}

function plainKey(key: Value): string {
  return key.type === 'str' ? key.value : JSON.stringify(plainValue(key));
}

/** Every cut of the payload: none may throw, and on an adapter's channel none may vanish. */
export function assertTruncationsKept(line: string, kinds: readonly string[] = ['undecoded']): void {
  const frame = frameOf(line);
  const whole = frame.payload ?? new Uint8Array();
  for (let length = 0; length < whole.length; length++) {
    const payload = whole.subarray(0, length);
    const entry = frame.entry && {
      fields: frame.entry.fields.map(([name, value]) => [name, value === whole ? payload : value] as const),
    };
    const cut: Frame = entry === undefined ? { ...frame, payload } : { ...frame, payload, entry };
    const message = dissect(cut);
    assert.ok(message, `cut to ${length} bytes it is no message`);
    assert.ok(kinds.includes(message.kind), `cut to ${length} bytes it is ${message.kind}`);
    const offset = message.error?.offset;
    assert.ok(offset === undefined || offset <= length, `offset ${String(offset)} of ${length} bytes`);
  }
}
