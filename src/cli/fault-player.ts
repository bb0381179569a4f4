import type { DemoAdapter } from '../demo/choices.ts';
import type { Fault, FaultAdapter } from '../demo/faults/fault.ts';
import { didYouMean } from './did-you-mean.ts';
import { EXIT, RedisError, UsageError } from './errors.ts';
import { complain } from './notice.ts';
import { Output } from './output.ts';
import { stopOnSignals } from './signals.ts';
import { proseColumnsOf, themeFor } from './terminal.ts';

/** Long enough for what users do to happen some times, short enough to be watched. */
const LISTEN_MS = 4000;

export interface FaultOptions {
  /** Where the user has named one. */
  readonly adapter?: DemoAdapter;
  readonly color: boolean;
  readonly hasUrl: boolean;
}

/** `sio-inspect demo --fault NAME`: all of it, from the stage to the cure. Exit code 1 when it did not come true. */
export async function playFault(name: string, { adapter, color, hasUrl }: FaultOptions): Promise<void> {
  const { faults } = await import('../demo/faults/index.ts');
  const { listFaults } = await import('../demo/faults/tell.ts');
  const output = new Output(process.stdout);
  const style = { width: proseColumnsOf(process.stdout), theme: themeFor(process.stdout, color) };
  if (name === 'list') {
    for (const line of listFaults(style)) output.line(line);
    await output.flush();
    return;
  }
  const fault = faults.find((candidate) => candidate.name === name);
  if (fault === undefined) {
    const hint = didYouMean(
      name,
      faults.map(({ name: known }) => known),
    );
    throw new UsageError(
      `--fault: there is no fault "${name}".${hint} "sio-inspect demo --fault list" shows them.`,
    );
  }
  if (hasUrl)
    throw new UsageError('--fault brings its own Redis: leave --url out, nobody else shall suffer.');
  await play(fault, chooseAdapter(fault, adapter), output, style);
}

function chooseAdapter({ name, adapters }: Fault, wanted: DemoAdapter | undefined): FaultAdapter | undefined {
  if (wanted === undefined) return undefined;
  const found = adapters?.find((adapter) => adapter === wanted);
  if (found !== undefined) return found;
  throw new UsageError(
    adapters === undefined
      ? `--adapter: the fault ${name} brings its own servers; leave --adapter out.`
      : `--adapter: the fault ${name} can be staged with ${adapters.join(', ')}.`,
  );
}

async function play(
  fault: Fault,
  wanted: FaultAdapter | undefined,
  output: Output,
  style: { readonly width: number; readonly theme: ReturnType<typeof themeFor> },
): Promise<void> {
  const { playFault: perform } = await import('../demo/faults/play.ts');
  const { tellScene, tellTitle } = await import('../demo/faults/tell.ts');
  const adapter = wanted ?? fault.adapters?.[0] ?? 'redis';
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  output.closed.addEventListener('abort', () => {
    stop.abort();
  });
  let written = Promise.resolve();
  const tell = (lines: readonly string[]): void => {
    for (const line of lines) output.line(line);
    written = written.then(() => output.flush());
  };
  try {
    tell(tellTitle(fault, adapter, style));
    const flaw = await perform(fault, {
      adapter,
      listenMs: LISTEN_MS,
      signal: stop.signal,
      onScene: (scene) => {
        tell(tellScene(scene, fault, adapter, style));
      },
    });
    await written;
    if (flaw !== undefined) fail(`this time it did not come true: ${flaw}.`);
  } catch (error) {
    if (!stop.signal.aborted) await explain(error);
    else if (signals.exitCode !== undefined) complain('interrupted, and not played to its end.');
  } finally {
    signals.release();
  }
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

async function explain(error: unknown): Promise<void> {
  const { DemoError } = await import('../demo/demo-error.ts');
  if (error instanceof DemoError) fail(error.message);
  else if (error instanceof Error && error.message.startsWith('No redis-server'))
    throw new RedisError(`${error.message} Faults are staged on a real one.`, { cause: error });
  else throw error;
}

function fail(message: string): void {
  complain(message);
  process.exitCode = EXIT.notUnderstood;
}
