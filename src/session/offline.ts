import { captureInput } from '../capture/capture-input.ts';
import type { InputOptions } from '../capture/input-kinds.ts';
import type { Captured } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import { blameInput } from './unreadable-input.ts';
import { Inspector, type InspectorOptions } from './inspector.ts';

/** An input that has an end: a file, or what was piped in. */
export interface OfflineInput {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** `channel`: that of payloads that do not name one. `onNote`: told what was assumed, e.g. base64, or left out. */
export type OfflineOptions = InspectorOptions & InputOptions;

/** Decoded at a time: a decoded message is many small objects, and those of few messages die young. */
const BATCH = 32;

/** Reads inputs one after the other; what was assumed about each is told with its name. @throws {UnreadableInput} */
export async function* captureOffline(
  inputs: AsyncIterable<OfflineInput>,
  options: InputOptions,
): AsyncIterable<readonly Captured[]> {
  for await (const { name, chunks } of inputs) {
    const onNote = (note: string): void => options.onNote?.(`${name}: ${note}`);
    try {
      yield* captureInput(chunks, { ...options, onNote });
    } catch (error) {
      throw blameInput(name, error);
    }
  }
}

/** Reads inputs one after the other as one capture: one numbering, one memory of requests. */
export async function* readOffline(
  inputs: AsyncIterable<OfflineInput>,
  options: OfflineOptions,
): AsyncIterable<readonly Observed[]> {
  const inspector = new Inspector(options);
  for await (const batch of captureOffline(inputs, options)) {
    for (let start = 0; start < batch.length; start += BATCH) {
      let observed: Observed[] = [];
      for (const item of batch.slice(start, start + BATCH)) {
        // Who is told of a look judges by it what follows, and not what came before.
        if (item.is === 'look' && observed.length > 0) {
          yield observed;
          observed = [];
        }
        const one = inspector.observe(item);
        if (one !== undefined) observed.push(one);
      }
      if (observed.length > 0) yield observed;
    }
  }
}
