import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { faults } from '../../src/demo/faults/index.ts';
import { Lab } from '../../src/demo/faults/lab.ts';
import type { Report } from '../../src/doctor/examine.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { diagnoseCapture, diagnoseLive } from '../../src/session/diagnose.ts';
import type { OfflineInput } from '../../src/session/offline.ts';
import { waitFor } from '../support/wait.ts';

/** Faults whose rules need nothing but traffic and the subscriptions that it holds, and how many servers there are, where only somebody who knows can tell. */
const CAPTURED = [
  { name: 'frozen-worker', expect: 4 },
  { name: 'missing-handler' },
  { name: 'poison-payload' },
  { name: 'bad-room' },
  { name: 'double-emit' },
  { name: 'slow-acks' },
  { name: 'wrong-key' },
  { name: 'mixed-versions' },
  { name: 'emitter-with-sharded' },
  { name: 'private-room-lost' },
  { name: 'shared-redis' },
  { name: 'short-lived-rooms' },
  { name: 'reply-fanout' },
] as const;

for (const { name, ...known } of CAPTURED) {
  void test(`${name}: redis-cli monitor, read afterwards, gives the same finding as listening live`, async () => {
    const fault = faults.find((candidate) => candidate.name === name);
    assert.ok(fault);
    const lab = await Lab.open(fault.redisArgs);
    const monitor = spawn('redis-cli', ['-p', String(lab.redis.port), 'monitor']);
    const recorded: Buffer[] = [];
    monitor.stdout.on('data', (chunk: Buffer) => recorded.push(chunk));
    try {
      await waitFor('MONITOR', () => (recorded.length > 0 ? true : undefined));
      const staged = await fault.stage(lab, fault.adapters?.[0] ?? 'redis');
      const life = { isOver: false };
      const living = (async () => {
        while (!life.isOver) await staged.traffic?.();
      })();
      const options = { rules: rules.filter((rule) => rule.name === fault.rule), ...known };
      const signal = AbortSignal.timeout(30_000);
      const live = await diagnoseLive({
        ...options,
        target: lab.target,
        via: 'monitor',
        forMs: 4000,
        signal,
      });
      life.isOver = true;
      await living;
      monitor.kill();
      await once(monitor, 'close');
      const read = await diagnoseCapture(inputOf(Buffer.concat(recorded)), options);
      assert.ok(live.cases.length > 0, 'live');
      assert.deepEqual(findings(read), findings(live));
    } finally {
      monitor.kill();
      await lab.close();
    }
  });
}

async function* inputOf(text: Buffer): AsyncIterable<OfflineInput> {
  yield await Promise.resolve({ name: 'capture.txt', chunks: Readable.from([text]) });
}

/** What is found, without the numbers that depend on how long was listened. */
function findings({ cases }: Report): readonly unknown[] {
  return cases.map(({ rule, where, sentence }) => [
    rule.name,
    where,
    sentence.replace(/\d+/g, 'n').split(/[:.]/)[0],
  ]);
}
