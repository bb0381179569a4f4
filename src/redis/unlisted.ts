import { listOf, textOf } from './questions.ts';
import type { Asker } from './registry.ts';

/** Servers of versions and languages that have no channel of their own: they can only be counted. */
export interface Unlisted {
  readonly is: 'python' | 'socket.io-redis 1.1';
  readonly channel: string;
  readonly counted: number;
}

/** python-socketio's default channel (`socketio/pubsub_manager.py`). */
const PYTHON_CHANNEL = 'socketio';
/** `<key>-sync#request#<nsp>#` (socket.io-redis 1.1.1, `index.js`). */
const SYNC_PATTERN = '*-sync[#]request[#]*[#]';

/** Two questions to each node, whatever is there; what several nodes count is added. By name: Redis has no order. */
export async function listUnlisted(askers: readonly Asker[]): Promise<readonly Unlisted[]> {
  const counts = new Map<string, number>();
  for (const found of await Promise.all(askers.map(countOn))) {
    for (const [channel, count] of found) counts.set(channel, (counts.get(channel) ?? 0) + count);
  }
  return [...counts]
    .filter(([, counted]) => counted > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([channel, counted]) => ({
      is: channel === PYTHON_CHANNEL ? 'python' : 'socket.io-redis 1.1',
      channel,
      counted,
    }));
}

async function countOn(asker: Asker): Promise<ReadonlyMap<string, number>> {
  const old = listOf(await asker.ask('PUBSUB CHANNELS', SYNC_PATTERN)).map(textOf);
  const channels = [PYTHON_CHANNEL, ...old];
  const answer = listOf(await asker.ask('PUBSUB NUMSUB', ...channels));
  return new Map(channels.map((channel, at) => [channel, Number(answer[at * 2 + 1] ?? 0)]));
}
