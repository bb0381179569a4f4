import type { Asker } from '../../redis/registry.ts';
import { scanKeys } from '../../redis/scan.ts';
import { readStreamState } from '../../redis/stream-info.ts';

/** A stream that the streams adapter writes, by the look of its last entry. */
export interface AdapterStream {
  readonly name: string;
  readonly length: number;
  readonly lastId: string;
}

/** How many keys of a node are looked through, and how many streams are looked at. */
const BOUNDS = { visits: 20_000, names: 20 };
/** What the streams adapter writes into every entry (@socket.io/redis-streams-adapter 0.3.1, lib/adapter.ts). */
const ENTRY_FIELDS = ['uid', 'nsp', 'type'];

/** The adapter's streams among the keys of these nodes and those that `names` says. */
export async function findStreams(
  askers: readonly Asker[],
  names: readonly string[],
): Promise<readonly AdapterStream[]> {
  const found = await Promise.all(askers.map((asker) => findStreamsOf(asker, names)));
  return [...new Map(found.flat().map((stream) => [stream.name, stream])).values()];
}

async function findStreamsOf(asker: Asker, known: readonly string[]): Promise<readonly AdapterStream[]> {
  const names = new Set(known);
  await scanKeys(asker, ['TYPE', 'stream'], BOUNDS, names);
  const streams: AdapterStream[] = [];
  for (const name of names) {
    const stream = await describeStream(asker, name);
    if (stream !== undefined) streams.push(stream);
  }
  return streams;
}

/** XINFO STREAM of a key that may not be there, or be no stream, or be on another node. */
async function describeStream(asker: Asker, name: string): Promise<AdapterStream | undefined> {
  const before = asker.hidden.length;
  const answer = await asker.ask('XINFO STREAM', name);
  if (answer === undefined) {
    const why = asker.hidden.at(-1) ?? '';
    if (asker.hidden.length > before && /no such key|WRONGTYPE|MOVED|ASK/.test(why)) asker.hidden.pop();
    return undefined;
  }
  const { length, lastId, last } = readStreamState(answer);
  const names = last?.words.filter((_, index) => index % 2 === 0).map(String) ?? [];
  return ENTRY_FIELDS.every((field) => names.includes(field)) ? { name, length, lastId } : undefined;
}
