import { type Answer, listOf, textOf } from '../../redis/questions.ts';
import type { Asker } from '../../redis/registry.ts';

/** A stream that the streams adapter writes, by the look of its last entry. */
export interface AdapterStream {
  readonly name: string;
  readonly length: number;
  readonly lastId: string;
}

/** SCAN visits this many keys of a node at most, in steps small enough that nobody waits for them. */
const SCAN_KEYS = 20_000;
const SCAN_STEP = 500;
const MAX_STREAMS = 20;
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
  let cursor = '0';
  for (let seen = 0; seen < SCAN_KEYS && names.size < MAX_STREAMS; seen += SCAN_STEP) {
    const [next, found] = listOf(
      await asker.ask('SCAN', cursor, 'COUNT', String(SCAN_STEP), 'TYPE', 'stream'),
    );
    for (const name of listOf(found)) names.add(textOf(name));
    cursor = textOf(next);
    if (cursor === '0' || cursor === '') break;
  }
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
  const fields = pairs(answer);
  const [, words] = listOf(fields.get('last-entry'));
  const names = [...pairs(words).keys()];
  if (!ENTRY_FIELDS.every((field) => names.includes(field))) return undefined;
  return { name, length: Number(fields.get('length') ?? 0), lastId: textOf(fields.get('last-generated-id')) };
}

function pairs(answer: Answer | undefined): ReadonlyMap<string, Answer | undefined> {
  const items = listOf(answer);
  const map = new Map<string, Answer | undefined>();
  for (let at = 0; at + 1 < items.length; at += 2) map.set(textOf(items[at]), items[at + 1]);
  return map;
}
