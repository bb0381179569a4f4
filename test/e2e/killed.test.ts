import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

/** Where the system tells who has started whom. */
const isLinux = process.platform === 'linux';

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(/\s+/).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

void test(
  'after kill -9 of the demo neither its Redis nor a stopped server is left',
  {
    skip: !isLinux,
  },
  async () => {
    const demo = startCli(['demo', '--fault', 'frozen-worker']);
    await demo.until(/3 {2}What the doctor says/);
    const children = childrenOf(demo.child.pid ?? -1);
    // Redis, four servers, and who watches over them.
    assert.ok(children.length >= 6, children.join());
    demo.child.kill('SIGKILL');
    await demo.finished();
    await waitFor('all of them to end', () => (children.some(isRunning) ? undefined : true));
  },
);
