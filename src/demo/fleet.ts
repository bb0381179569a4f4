import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoError } from './demo-error.ts';
import {
  isOurs,
  type Report,
  type SentCommand,
  type SettleOrder,
  type StopOrder,
  type WorkerOrders,
} from './reports.ts';

/** One of the workers, as its reports paint it. */
export interface FleetWorker {
  readonly number: number;
  uid?: string;
  /** Why it is no more. */
  lost?: string;
  asked: readonly SentCommand[];
}

type OnReport = (worker: FleetWorker, report: Report) => void;

/** The forked workers. `start` once, `stop` always. */
export interface Fleet {
  readonly workers: readonly FleetWorker[];
  /** Called with every report, in order of arrival. Returns how to stop listening. */
  listen(onReport: OnReport): () => void;
  /** Resolves when the worker has done, and reported, what it was about to do. */
  settle(worker: FleetWorker): Promise<void>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
/** How long a worker may take to obey before it is killed. */
const STOP_TIMEOUT_MS = 2000;
const LAST_WORDS = 2000;

interface Crew extends FleetWorker {
  readonly process: Worker;
  lastWords: string;
}

/** Forks `count` workers and resolves when all hear what the others say. `onLost` is called for one that ends unasked. */
export async function startFleet(
  count: number,
  orders: Omit<WorkerOrders, 'type' | 'worker'>,
  onLost: (worker: FleetWorker, why: string) => void,
): Promise<Fleet> {
  const listeners = new Set<OnReport>();
  const state = { stopping: false };
  cluster.setupPrimary({
    exec: workerFile(),
    args: [],
    // Buffers go through the channel as such (@socket.io/sticky asks for it).
    serialization: 'advanced',
    silent: true,
  });
  const crew: Crew[] = [];
  for (let number = 1; number <= count; number++) {
    const worker = cluster.fork();
    const mate: Crew = { number, asked: [], process: worker, lastWords: '' };
    crew.push(mate);
    keepLastWords(mate);
    worker.on('message', (message: unknown) => {
      if (!isOurs(message)) return;
      const report = message as Report;
      if (report.type === 'demo:hello') {
        worker.send({ type: 'demo:orders', worker: number, ...orders } satisfies WorkerOrders);
      }
      note(mate, report);
      for (const listener of listeners) listener(mate, report);
    });
    worker.on('exit', (code, signal) => {
      const how = signal ? `killed by ${signal}` : `with code ${code}`;
      mate.lost = [how, mate.lastWords.trim()].filter(Boolean).join(': ');
      if (!state.stopping) onLost(mate, mate.lost);
    });
  }
  const fleet: Fleet = {
    workers: crew,
    listen: (onReport) => {
      listeners.add(onReport);
      return () => listeners.delete(onReport);
    },
    settle: (worker) => settle(fleet, crew, worker),
    stop: async () => {
      state.stopping = true;
      await Promise.all(crew.map(stopWorker));
    },
  };
  try {
    await untilReady(fleet, crew);
  } catch (error) {
    await fleet.stop();
    throw error;
  }
  return fleet;
}

async function settle(fleet: Fleet, crew: readonly Crew[], worker: FleetWorker): Promise<void> {
  const mate = crew.find(({ number }) => number === worker.number);
  if (mate === undefined || !mate.process.isConnected()) return;
  const { process } = mate;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stopListening();
      process.off('exit', done);
      resolve();
    };
    const stopListening = fleet.listen((from, report) => {
      if (from.number === worker.number && report.type === 'demo:settled') done();
    });
    process.once('exit', done);
    process.send({ type: 'demo:settle' } satisfies SettleOrder, undefined, () => undefined);
  });
}

/** The same extension as this file: TypeScript from source, JavaScript when built. */
function workerFile(): string {
  const here = fileURLToPath(import.meta.url);
  return fileURLToPath(new URL(`./worker${extname(here)}`, import.meta.url));
}

function note(worker: FleetWorker, report: Report): void {
  if (report.type !== 'demo:ready') return;
  worker.asked = report.asked;
  if (report.uid !== undefined) worker.uid = report.uid;
}

async function untilReady(fleet: Fleet, crew: readonly Crew[]): Promise<void> {
  const waiting = new Set<FleetWorker>(fleet.workers);
  const ears: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (worker: FleetWorker, why: string): void => {
        reject(new DemoError('worker', `Worker ${worker.number} could not start: ${why}`));
      };
      timer = setTimeout(() => {
        for (const worker of waiting) fail(worker, `not ready after ${START_TIMEOUT_MS / 1000} s.`);
      }, START_TIMEOUT_MS);
      for (const mate of crew) {
        const lost = (): void => {
          fail(mate, mate.lastWords.trim() || 'it ended without a word.');
        };
        mate.process.once('exit', lost);
        ears.push(() => mate.process.off('exit', lost));
      }
      ears.push(
        fleet.listen((worker, report) => {
          if (report.type === 'demo:failed') fail(worker, report.message);
          if (report.type === 'demo:ready') waiting.delete(worker);
          if (waiting.size === 0) resolve();
        }),
      );
    });
  } finally {
    clearTimeout(timer);
    for (const stopListening of ears) stopListening();
  }
}

function keepLastWords(mate: Crew): void {
  for (const stream of [mate.process.process.stdout, mate.process.process.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      mate.lastWords = (mate.lastWords + text).slice(-LAST_WORDS);
    });
  }
}

async function stopWorker({ process: worker }: Crew): Promise<void> {
  if (worker.isDead()) return;
  const ended = once(worker, 'exit');
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
  if (worker.isConnected())
    worker.send({ type: 'demo:stop' } satisfies StopOrder, undefined, () => undefined);
  await ended;
  clearTimeout(timer);
}
