import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Summary } from '../../src/analyse/summary.ts';
import type { Message } from '../../src/model/message.ts';
import { createTheme } from '../../src/render/theme.ts';
import { writeSummary } from '../../src/render/summary-text.ts';

function add(summary: Summary, message: Partial<Message>, lengthBytes = 10): void {
  const frame = { via: 'text', payload: new Uint8Array(lengthBytes) } as const;
  summary.add({ is: 'message', seq: 1, frame, message: { kind: 'broadcast', ...message } });
}

void test('Summary counts messages, bytes, servers, events, what was not understood, and gaps', () => {
  const summary = new Summary();
  add(summary, { uid: 'aaaaaa', event: 'chat' });
  add(summary, { uid: 'aaaaaa', event: 'chat' }, 990);
  add(summary, { uid: 'emitter', event: 'deploy' });
  add(summary, { kind: 'undecoded' });
  summary.add({
    is: 'unframed',
    seq: 2,
    unframed: { via: 'text', raw: new Uint8Array(), code: 'unframed', message: '' },
  });
  summary.add({ is: 'gap', seq: 3, gap: { via: 'subscribe', reason: 'trimmed', missed: 7 } });
  assert.equal(summary.messages, 3);
  assert.equal(summary.undecoded, 2);
  assert.equal(summary.missed, 7);
  assert.deepEqual([...summary.servers], [['aaaaaa', 2]]);
  assert.equal(
    writeSummary(summary, 3600, createTheme(0)),
    '3 messages in 3.6 s · 1.0 kB · 1 server, an emitter · busiest: chat 2, deploy 1 · 2 not decodable · 1 gap (7 messages missed)',
  );
});

void test('Summary stays bounded whatever names are on the wire', () => {
  const summary = new Summary();
  for (let index = 0; index < 12_000; index++) add(summary, { event: `e${index}`, uid: `u${index}` });
  assert.equal(summary.messages, 12_000);
  assert.ok(summary.events.size <= 10_000 && summary.servers.size <= 10_000);
});
