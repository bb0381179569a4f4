import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RedisTarget } from '../../redis/target.ts';
import { DemoError } from '../demo-error.ts';
import { endWithUs } from '../reaper.ts';
import type { Deed, Done, LabQuestion, LabReport, ServerPlan } from './lab-orders.ts';

/** A Socket.IO server in a process of its own. */
export interface LabServer {
  readonly plan: ServerPlan;
  readonly pid: number;
  readonly port: number;
  readonly uids: readonly string[];
  /** Its last words, once it has ended; it may do so on its own. */
  readonly lastWords: () => string | undefined;
  /** What it has written so far. */
  readonly log: () => string;
  readonly ended: Promise<void>;
  do(deed: Deed): Promise<Done>;
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const MAX_WORDS = 8000;

/** Starts a server and resolves when it is subscribed. @throws {DemoError} with its last words when it ends before */
export async function startLabServer(plan: ServerPlan, redis: RedisTarget): Promise<LabServer> {
  const child = fork(processFile(), [], { silent: true });
  endWithUs(child);
  const state = { words: '', hasEnded: false, nextId: 1 };
  const waiting = new Map<number, (done: Done) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      state.words = (state.words + text).slice(-MAX_WORDS);
    });
  }
  const ended = once(child, 'close').then(() => {
    state.hasEnded = true;
    for (const answer of waiting.values()) answer({ ok: false, error: 'The server has ended.', tookMs: 0 });
  });
  const { port, uids } = await untilReady(child, plan, redis, () => state.words, ended);
  child.on('message', (report: LabReport) => {
    if (report.type !== 'lab:done') return;
    waiting.get(report.id)?.(report.done);
    waiting.delete(report.id);
  });
  return {
    plan,
    pid: child.pid ?? -1,
    port,
    uids,
    ended,
    log: () => state.words.trim(),
    lastWords: () => (state.hasEnded ? state.words.trim() : undefined),
    do: (deed) => {
      if (state.hasEnded) return Promise.resolve({ ok: false, error: 'The server has ended.', tookMs: 0 });
      const id = state.nextId++;
      send(child, { type: 'lab:do', id, deed });
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The same extension as this file: TypeScript from source, JavaScript when built. */
function processFile(): string {
  return fileURLToPath(new URL(`./lab-process${extname(fileURLToPath(import.meta.url))}`, import.meta.url));
}

function send(child: ChildProcess, question: LabQuestion): void {
  if (child.connected) child.send(question, undefined, undefined, () => undefined);
}

async function untilReady(
  child: ChildProcess,
  plan: ServerPlan,
  redis: RedisTarget,
  words: () => string,
  ended: Promise<void>,
): Promise<{ readonly port: number; readonly uids: readonly string[] }> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        reject(new DemoError('worker', `${plan.name} could not start: ${why}`));
      };
      timer = setTimeout(() => {
        fail(`not ready after ${START_TIMEOUT_MS / 1000} s.`);
      }, START_TIMEOUT_MS);
      void ended.then(() => {
        fail(words().trim() || 'it ended without a word.');
      });
      child.on('message', (report: LabReport) => {
        if (report.type === 'lab:hello') send(child, { type: 'lab:orders', plan, redis });
        if (report.type === 'lab:failed') fail(report.message);
        if (report.type === 'lab:ready') resolve(report);
      });
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
