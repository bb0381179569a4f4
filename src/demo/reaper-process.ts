import { rmSync } from 'node:fs';
import type { Charge } from './reaper.ts';

/** What runs now, and the directory that goes with it. */
const charges = new Map<number, string | undefined>();

process.on('message', ({ pid, is, directory }: Charge) => {
  if (is === 'running') charges.set(pid, directory);
  else charges.delete(pid);
});

process.on('disconnect', () => {
  for (const [pid, directory] of charges) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
  process.exit();
});
