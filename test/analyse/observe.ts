import { readFileSync } from 'node:fs';
import type { Observed } from '../../src/model/observed.ts';
import { readOffline } from '../../src/session/offline.ts';

/** What the program makes of a text, e.g. lines of redis-cli monitor. */
export async function observe(text: string | Uint8Array): Promise<Observed[]> {
  const bytes = Buffer.from(text);
  const inputs = chunksOf([{ name: 'text', chunks: chunksOf([bytes]) }]);
  const seen: Observed[] = [];
  for await (const batch of readOffline(inputs, {})) seen.push(...batch);
  return seen;
}

export function observeFixture(name: string): Promise<Observed[]> {
  return observe(readFileSync(new URL(`../../fixtures/${name}/input.monitor`, import.meta.url)));
}

async function* chunksOf<T>(items: readonly T[]): AsyncIterable<T> {
  yield* await Promise.resolve(items);
}
