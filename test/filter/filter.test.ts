import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Condition, createFilter } from '../../src/filter/filter.ts';
import type { Message } from '../../src/model/message.ts';
import type { Observed } from '../../src/model/observed.ts';

const text = (value: string) => ({ type: 'str', offset: 0, length: value.length, value }) as const;

function seen(message: Partial<Message>): Observed {
  return { is: 'message', seq: 1, frame: { via: 'text' }, message: { kind: 'broadcast', ...message } };
}

function passes(
  condition: Partial<Condition> & Pick<Condition, 'field' | 'patterns'>,
  message: Partial<Message>,
): boolean {
  return createFilter([{ not: false, ...condition }])(seen(message));
}

void test('createFilter lets everything through without conditions', () => {
  assert.equal(createFilter([])(seen({})), true);
});

void test('createFilter compares whole names, and * stands for anything', () => {
  assert.equal(passes({ field: 'event', patterns: ['order'] }, { event: 'order:paid' }), false);
  assert.equal(passes({ field: 'event', patterns: ['order*'] }, { event: 'order:paid' }), true);
  assert.equal(passes({ field: 'event', patterns: ['*paid'] }, { event: 'order\n:paid' }), true);
  assert.equal(passes({ field: 'nsp', patterns: ['/a.c'] }, { nsp: '/abc' }), false);
});

void test('createFilter takes any of several patterns, and with not none of them', () => {
  const patterns = ['/', '/admin'];
  assert.equal(passes({ field: 'nsp', patterns }, { nsp: '/admin' }), true);
  assert.equal(passes({ field: 'nsp', patterns, not: true }, { nsp: '/admin' }), false);
  assert.equal(passes({ field: 'nsp', patterns, not: true }, { nsp: '/chat' }), true);
});

void test('createFilter finds a room in the list as well as in the channel', () => {
  assert.equal(passes({ field: 'room', patterns: ['b'] }, { rooms: [text('a'), text('b')] }), true);
  assert.equal(passes({ field: 'room', patterns: ['b'] }, { room: 'b' }), true);
  assert.equal(passes({ field: 'room', patterns: ['b'] }, {}), false);
  assert.equal(passes({ field: 'room', patterns: ['b'], not: true }, {}), true);
});

void test('createFilter always lets a gap through, and what could not be framed unless something else is asked for', () => {
  const gap: Observed = { is: 'gap', seq: 1, gap: { via: 'subscribe', reason: 'disconnected' } };
  const unframed: Observed = {
    is: 'unframed',
    seq: 1,
    unframed: { via: 'text', raw: new Uint8Array(), code: 'x', message: 'x' },
  };
  const event = createFilter([{ field: 'event', patterns: ['x'], not: false }]);
  assert.equal(event(gap), true);
  assert.equal(event(unframed), false);
  assert.equal(createFilter([{ field: 'kind', patterns: ['undecoded'], not: false }])(unframed), true);
  assert.equal(createFilter([{ field: 'kind', patterns: ['undecoded'], not: true }])(unframed), false);
});
