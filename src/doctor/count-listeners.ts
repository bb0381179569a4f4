import { listOf } from '../redis/questions.ts';
import { Asker } from '../redis/registry.ts';
import type { Links } from './take-look.ts';

/**
 * How many servers listen to these sharded channels, one question to each node, which knows its own subscribers only.
 * Without those that could not be asked about.
 */
export async function countListeners(
  links: Links,
  channels: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  if (channels.length === 0) return counts;
  const answers = await Promise.all(
    links.map((link) => new Asker(link).ask('PUBSUB SHARDNUMSUB', ...channels)),
  );
  if (answers.includes(undefined)) return counts;
  for (const [at, channel] of channels.entries()) {
    const ofNodes = answers.map((answer) => Number(listOf(answer)[at * 2 + 1] ?? 0));
    counts.set(
      channel,
      ofNodes.reduce((sum, count) => sum + count, 0),
    );
  }
  return counts;
}
