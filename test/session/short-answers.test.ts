import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fault, viaOf } from '../../src/demo/faults/fault.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { Lab } from '../../src/demo/faults/lab.ts';
import type { Culprit } from '../../src/doctor/rule.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { diagnoseLive } from '../../src/session/diagnose.ts';

/** What «only N responses received out of M» can mean, and who is to be named, by uid or by the name of a connection. */
const CAUSES = [
  { fault: 'frozen-worker', server: 'worker-3' },
  { fault: 'half-open', server: 'worker-3' },
  { fault: 'phantom-subscriber', connection: 'debug-session' },
  { fault: 'missing-handler', server: 'worker-3' },
  { fault: 'late-reply', server: 'worker-3' },
  { fault: 'deaf-requester', server: 'worker-1' },
] as const;
const LISTEN_MS = 4000;

describe('each cause of too few answers', { concurrency: 2 }, () => {
  for (const { fault: name, ...culprit } of CAUSES) {
    const fault = faults.find((candidate) => candidate.name === name);
    assert.ok(fault);
    for (const adapter of fault.adapters ?? []) {
      void it(`${name}, ${adapter}: ${fault.rule ?? ''} alone is found and names the culprit; the cure ends the symptom`, async () => {
        const lab = await Lab.open(fault.redisArgs);
        try {
          const staged = await fault.stage(lab, adapter);
          const sick = await staged.symptom();
          assert.ok(sick.isBad, sick.lines.join());
          assert.match(sick.lines.join(), /timeout reached: only \d responses received out of \d/);
          const life = { isOver: false };
          const living = (async () => {
            while (!life.isOver && staged.traffic !== undefined) await staged.traffic();
          })();
          const report = await examine(fault, lab, viaOf(fault, adapter));
          life.isOver = true;
          await living;
          assert.deepEqual([...new Set(report.cases.map(({ rule }) => rule.name))], [fault.rule]);
          const named = report.cases.flatMap(({ culprits }) => culprits);
          assert.ok(isNamed(named, culprit, lab), JSON.stringify(named));
          const others = lab.servers.filter(
            ({ plan }) => !('server' in culprit) || plan.name !== culprit.server,
          );
          for (const other of others)
            assert.ok(!isNamed(named, { server: other.plan.name }, lab), `${other.plan.name} is innocent`);
          await staged.cure();
          const cured = await staged.symptom();
          assert.ok(!cured.isBad, cured.lines.join());
        } finally {
          await lab.close();
        }
      });
    }
  }
});

void it('half-open, classic by PSUBSCRIBE: nobody is accused where nothing tells who it is', async () => {
  const fault = faults.find(({ name }) => name === 'half-open');
  assert.ok(fault);
  const lab = await Lab.open();
  try {
    const staged = await fault.stage(lab, 'redis');
    const life = { isOver: false };
    const living = (async () => {
      while (!life.isOver) await staged.traffic?.();
    })();
    const { cases } = await examine(fault, lab, 'subscribe');
    life.isOver = true;
    await living;
    assert.deepEqual(
      cases.map(({ rule, sure, culprits }) => [rule.name, sure, culprits]),
      [['half-open-connection', 'likely', []]],
    );
    assert.match(cases[0]?.next[0] ?? '', /doctor --via monitor/);
  } finally {
    await lab.close();
  }
});

function examine(fault: Fault, lab: Lab, via: 'subscribe' | 'monitor'): ReturnType<typeof diagnoseLive> {
  const { timeoutMs } = fault;
  return diagnoseLive({
    rules,
    target: lab.target,
    via,
    forMs: LISTEN_MS,
    signal: AbortSignal.timeout(60_000),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

/** By its uid, or by the address of a connection that has its name. */
function isNamed(
  named: readonly Culprit[],
  who: { readonly server?: string; readonly connection?: string },
  lab: Lab,
): boolean {
  const uids = lab.servers.filter(({ plan }) => plan.name === who.server).flatMap((server) => server.uids);
  const name = who.connection ?? `${who.server ?? ''}-(?:pub|sub)`;
  return named.some(
    ({ is, value, about = '' }) =>
      (is === 'uid' && uids.includes(value)) ||
      (is === 'connection' && new RegExp(`client name ${name},`).test(about)),
  );
}
