import type { OfflineInput } from './offline.ts';

/** The same inputs, which end when `enough` aborts, even while nothing comes; `names` gathers what was opened. */
export async function* untilEnough(
  inputs: AsyncIterable<OfflineInput>,
  names: string[],
  enough: AbortSignal = new AbortController().signal,
): AsyncIterable<OfflineInput> {
  for await (const { name, chunks } of inputs) {
    names.push(name);
    yield { name, chunks: endWith(chunks, enough) };
    if (enough.aborted) return;
  }
}

async function* endWith(chunks: AsyncIterable<Uint8Array>, enough: AbortSignal): AsyncIterable<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let onAbort = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => {
      resolve(undefined);
    };
  });
  enough.addEventListener('abort', onAbort);
  try {
    while (!enough.aborted) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    enough.removeEventListener('abort', onAbort);
    // Not awaited: it would wait for the chunk that does not come.
    void iterator.return?.();
  }
}
