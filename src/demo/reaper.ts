import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the reaper is told: a process of ours has begun or ended. */
export interface Charge {
  readonly pid: number;
  readonly is: 'running' | 'ended';
  /** Removed with it. */
  readonly directory?: string;
}

let reaper: ChildProcess | undefined;

/**
 * Lets a child end with us, even where we cannot end it ourselves: after `kill -9`. A Redis server, or a process that
 * is stopped, would outlive us. One more process watches; it ends with us as well.
 */
export function endWithUs(child: ChildProcess, directory?: string): void {
  const { pid } = child;
  if (pid === undefined) return;
  reaper ??= startReaper();
  tell({ pid, is: 'running', ...(directory === undefined ? {} : { directory }) });
  child.once('exit', () => {
    tell({ pid, is: 'ended' });
  });
}

function tell(charge: Charge): void {
  if (reaper?.connected === true) reaper.send(charge, undefined, undefined, () => undefined);
}

/** In a session of its own, so that what ends a whole terminal does not end it before its time. */
function startReaper(): ChildProcess {
  const here = fileURLToPath(import.meta.url);
  const file = fileURLToPath(new URL(`./reaper-process${extname(here)}`, import.meta.url));
  const child = fork(file, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true });
  child.on('error', () => undefined);
  child.unref();
  child.channel?.unref();
  return child;
}
