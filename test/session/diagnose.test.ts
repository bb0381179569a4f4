import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { faults } from '../../src/demo/faults/index.ts';
import { Lab } from '../../src/demo/faults/lab.ts';
import type { Report } from '../../src/doctor/examine.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { diagnoseLive } from '../../src/session/diagnose.ts';
import { diagnoseCapture } from '../../src/session/diagnose-capture.ts';
import type { OfflineInput } from '../../src/session/offline.ts';
import { startCli } from '../support/cli.ts';
import { findings } from './findings.ts';
import { startDumpcap } from '../support/dumpcap.ts';
import { waitFor } from '../support/wait.ts';

/** Faults whose rules need nothing but traffic and the subscriptions that it holds, and how many servers there are, where only somebody who knows can tell. */
const CAPTURED = [
  { name: 'frozen-worker', expect: 4 },
  { name: 'half-open' },
  { name: 'late-reply', timeoutMs: 500 },
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
  void test(`${name}: redis-cli monitor, a recording and packets, read afterwards, give the same finding as listening live`, async () => {
    const fault = faults.find((candidate) => candidate.name === name);
    assert.ok(fault);
    const lab = await Lab.open(fault.redisArgs);
    const monitor = spawn('redis-cli', ['-p', String(lab.redis.port), 'monitor']);
    const recorded: Buffer[] = [];
    monitor.stdout.on('data', (chunk: Buffer) => recorded.push(chunk));
    const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-doctor-'));
    const file = join(directory, 'fault.rec.gz');
    const packets = join(directory, 'fault.pcapng');
    const dumpcap = await startDumpcap({ interface: 'lo', port: lab.redis.port, form: 'pcapng' }, packets);
    const recorder = startCli(['record', file, '--via', 'monitor', '--url', lab.redis.url]);
    try {
      await recorder.until(/read-only/);
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
      recorder.child.kill('SIGINT');
      dumpcap.kill('SIGINT');
      await Promise.all([once(monitor, 'close'), recorder.finished(), once(dumpcap, 'exit')]);
      assert.ok(live.cases.length > 0, 'live');
      for (const [what, capture] of [
        ['monitor', Buffer.concat(recorded)],
        ['recording', await readFile(file)],
        ['packets', await readFile(packets)],
      ] as const) {
        const read = await diagnoseCapture(inputOf(capture), options);
        assert.deepEqual(findings(read), findings(live), what);
        assert.deepEqual(missingNames(read, live), [], `whom ${what} names, listening names too`);
      }
    } finally {
      monitor.kill();
      dumpcap.kill('SIGKILL');
      recorder.child.kill('SIGKILL');
      await lab.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
}

async function* inputOf(text: Buffer): AsyncIterable<OfflineInput> {
  yield await Promise.resolve({ name: 'capture', chunks: Readable.from([text]) });
}

/** Uids and addresses that only the capture names. */
function missingNames(read: Report, live: Report): readonly string[] {
  const namesOf = ({ cases }: Report): readonly string[] =>
    cases.flatMap(({ culprits }) => culprits.map(({ is, value }) => `${is} ${value}`));
  return namesOf(read).filter((name) => !namesOf(live).includes(name));
}
