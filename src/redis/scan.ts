import { listOf, textOf } from './questions.ts';
import type { Asker } from './registry.ts';

/** Small enough that nobody waits for it. */
const STEP = 500;

export interface ScanBounds {
  /** How many keys are visited at most, whether they fit or not. */
  readonly visits: number;
  /** It ends once there are so many names. */
  readonly names: number;
}

/** Adds names of keys that fit `filter` (further words of SCAN) to `names`, in small steps and not without end. */
export async function scanKeys(
  asker: Asker,
  filter: readonly string[],
  bounds: ScanBounds,
  names: Set<string>,
): Promise<void> {
  let cursor = '0';
  for (let seen = 0; seen < bounds.visits && names.size < bounds.names; seen += STEP) {
    const [next, found] = listOf(await asker.ask('SCAN', cursor, 'COUNT', String(STEP), ...filter));
    for (const name of listOf(found)) names.add(textOf(name));
    cursor = textOf(next);
    if (cursor === '0' || cursor === '') break;
  }
}
