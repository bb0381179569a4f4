/**
 * Healthy clusters must not be accused: four workers of each adapter, idle, under load and through a rolling restart,
 * examined by every rule, live and in a recording of the same time, again and again. `npm run healthy [-- N [ADAPTER…]]`
 * prints a line for each run and ends with 1 at any finding.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Lab } from '../src/demo/faults/lab.ts';
import type { ServerPlan } from '../src/demo/faults/lab-orders.ts';
import type { LabServer } from '../src/demo/faults/lab-server.ts';
import { plan, restart } from '../src/demo/faults/scenes.ts';
import { rules } from '../src/doctor/rules/index.ts';
import type { Report } from '../src/doctor/examine.ts';
import { diagnoseLive } from '../src/session/diagnose.ts';
import { diagnoseCapture } from '../src/session/diagnose-capture.ts';
import type { OfflineInput } from '../src/session/offline.ts';

const ADAPTERS = ['redis', 'sharded', 'streams'] as const;
const SCENES = ['idle', 'load', 'rolling restart'] as const;
const WORKERS = 4;
const LISTEN_MS = 6000;
const PAUSE_MS = 20;

const [, , count = '2', ...names] = process.argv;
const runs = Number(count);
const chosen = names.length === 0 ? ADAPTERS : ADAPTERS.filter((adapter) => names.includes(adapter));
const total = { runs: 0, findings: 0 };
const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-healthy-'));

for (let run = 1; run <= runs; run++) {
  for (const adapter of chosen) {
    for (const scene of SCENES) await examineHealthy(run, adapter, scene);
  }
}
await rm(directory, { recursive: true });
console.log(`${total.runs} runs and their recordings, ${total.findings} findings`);
process.exitCode = total.findings === 0 ? 0 : 1;

async function examineHealthy(
  run: number,
  adapter: ServerPlan['adapter'],
  scene: (typeof SCENES)[number],
): Promise<void> {
  const lab = await Lab.open();
  const life = { isOver: false };
  // Patterns bring nothing of what sharded servers say.
  const via = adapter === 'sharded' || run % 2 === 0 ? 'monitor' : 'subscribe';
  try {
    const servers = await lab.start(...plan(WORKERS, { adapter, answers: ['who'], rooms: ['everyone'] }));
    for (const server of servers) await lab.join(server);
    const living: Promise<void>[] = [];
    if (scene !== 'idle') living.push(...servers.map((_, index) => load(servers, index, life)));
    if (scene === 'rolling restart') living.push(roll(lab, servers, life));
    const options = { rules, ...(scene === 'rolling restart' ? {} : { expect: WORKERS }) };
    const file = join(directory, `${run}-${adapter}-${scene}.rec`);
    const recorded = record(file, lab.redis.url, via);
    const live = await diagnoseLive({
      ...options,
      target: lab.target,
      via,
      forMs: LISTEN_MS,
      signal: new AbortController().signal,
    });
    await recorded;
    life.isOver = true;
    await Promise.all(living);
    total.runs++;
    const read = await diagnoseCapture(inputOf(file), options);
    const found = [`live ${tell(live)}`, `recorded ${tell(read)}`].join('; ');
    console.log(`${run} ${adapter} ${scene} via ${via}: ${found}`);
  } finally {
    life.isOver = true;
    await lab.close();
  }
}

/** What the program records, for as long as the doctor listens. */
async function record(file: string, url: string, via: string): Promise<void> {
  const words = ['record', file, '--url', url, '--via', via, '--for', `${LISTEN_MS}ms`];
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...words], {
    stdio: 'ignore',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`record ended with ${String(code)}`);
}

async function* inputOf(file: string): AsyncIterable<OfflineInput> {
  yield await Promise.resolve({ name: file, chunks: createReadStream(file) });
}

/** Counts what was found, too. */
function tell({ messages, cases, unchecked }: Report): string {
  total.findings += cases.length;
  const found = cases.map(({ rule, sentence }) => `${rule.name}: ${sentence}`).join(' | ');
  const judged = `${rules.length - unchecked.length} rules by ${messages} messages`;
  return `${judged}: ${found === '' ? 'nothing found' : found}`;
}

/** What servers do all day. */
async function load(servers: readonly LabServer[], index: number, life: { isOver: boolean }): Promise<void> {
  for (let number = 0; !life.isOver; number++) {
    const server = servers[index];
    if (server === undefined) return;
    await server.do({ do: 'emit', event: 'tick', args: [index, number], rooms: ['everyone'] });
    if (number % 10 === index) await server.do({ do: 'fetch-sockets' });
    if (number % 10 === index + 4) await server.do({ do: 'server-side-emit', event: 'who' });
    if (number % 25 === index) await server.do({ do: 'emit-with-ack', event: 'ping', timeoutMs: 1000 });
    await delay(PAUSE_MS);
  }
}

/** One worker after the other is replaced, until the examination is over. */
async function roll(lab: Lab, servers: LabServer[], life: { isOver: boolean }): Promise<void> {
  for (let index = 0; !life.isOver; index = (index + 1) % WORKERS) {
    const server = servers[index];
    if (server === undefined) return;
    const fresh = await restart(lab, server);
    servers[index] = fresh;
    await lab.join(fresh);
    await delay(PAUSE_MS);
  }
}
