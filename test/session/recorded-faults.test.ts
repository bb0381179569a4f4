import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, viaOf } from '../../src/demo/faults/fault.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { openLab } from '../../src/demo/faults/play.ts';
import type { Report } from '../../src/doctor/examine.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { type DiagnoseOptions, diagnoseLive } from '../../src/session/diagnose.ts';
import { diagnoseCapture } from '../../src/session/diagnose-capture.ts';
import type { OfflineInput } from '../../src/session/offline.ts';
import { startCli } from '../support/cli.ts';
import { findings } from './findings.ts';

/** Long enough for two requests that time out after a second each. */
const LISTEN_MS = 4000;
const BREATH_MS = 50;

for (const fault of faults) {
  void test(`${fault.name}: a recording that is begun when it is there already gives the same findings as listening live`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-recorded-'));
    try {
      const file = join(directory, 'fault.rec');
      const options = optionsOf(fault);
      const live = await recordWhileListening(fault, file, options);
      const read = await diagnoseCapture(inputOf(file), options);
      assert.deepEqual(findings(live).length > 0, fault.rule !== undefined, 'live');
      assert.deepEqual(findings(read), findings(live));
      assert.deepEqual(lessJudged(read, live), [], 'judged live, and not afterwards');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

function optionsOf({ expect, timeoutMs }: Fault): DiagnoseOptions {
  return {
    rules,
    ...(expect === undefined ? {} : { expect }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

async function recordWhileListening(fault: Fault, file: string, options: DiagnoseOptions): Promise<Report> {
  const adapter = fault.adapters?.[0] ?? 'redis';
  const via = viaOf(fault, adapter);
  const lab = await openLab(fault);
  try {
    const staged = await fault.stage(lab, adapter);
    // Where nothing goes on by itself, somebody has to have met with it.
    if (staged.traffic === undefined) await staged.symptom();
    const recorder = startCli(['record', file, '--via', via, '--url', lab.redis.url]);
    try {
      await recorder.until(/read-only/);
      const life = { isOver: false };
      const living = async (): Promise<void> => {
        while (!life.isOver && staged.traffic !== undefined) {
          await staged.traffic();
          await delay(BREATH_MS);
        }
      };
      const listening = diagnoseLive({
        ...options,
        target: lab.target,
        via,
        forMs: staged.traffic === undefined ? 0 : Math.max(LISTEN_MS, fault.listenMs ?? 0),
        signal: AbortSignal.timeout(60_000),
      }).finally(() => {
        life.isOver = true;
      });
      const [live] = await Promise.all([listening, living()]);
      recorder.child.kill('SIGINT');
      await recorder.finished();
      return live;
    } finally {
      recorder.child.kill('SIGKILL');
    }
  } finally {
    await lab.close();
  }
}

async function* inputOf(file: string): AsyncIterable<OfflineInput> {
  yield { name: file, chunks: Readable.from([await readFile(file)]) };
}

/**
 * What only the recording does not hold. How often Redis could be looked at depends on the machine, and the recording goes
 * on for longer, so that it may see servers come or go.
 */
function lessJudged(read: Report, live: Report): readonly string[] {
  return read.unchecked
    .filter(({ rule, why }) => rule.needs !== 'watch' && !/came or went/.test(why))
    .filter(({ rule }) => !live.unchecked.some((one) => one.rule === rule))
    .map(({ rule, why }) => `${rule.name}: ${why}`);
}
