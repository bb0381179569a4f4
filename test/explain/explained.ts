import { readdirSync } from 'node:fs';
import { openInputs } from '../../src/cli/inputs.ts';
import { dissect } from '../../src/dissect/registry.ts';
import { explainMessage } from '../../src/explain/explain-message.ts';
import type { Explained } from '../../src/explain/fold.ts';
import type { Layer, Row } from '../../src/explain/row.ts';
import type { Frame } from '../../src/model/frame.ts';
import { readOffline } from '../../src/session/offline.ts';

export type { Explained };

/** Socket.IO 1 over socket.io-redis, 2017: msgpack-js. */
export const BLOG_LINE = Buffer.from(
  '\x93\xa66n0BWC\x83\xa4type\x02\xa4data\x92\xacchat message\xacHello from A\xa3nsp\xa1/\x83\xa6except\x91\xb4S1H5pJcm8Kun5lOoAAAA\xa5rooms\xc4\xa5flags\x81\xa9broadcast\xc3',
  'latin1',
);

export function explain(payload: Uint8Array, channel?: string, rest: Partial<Frame> = {}): Explained {
  const named = channel === undefined ? {} : { command: 'PUBLISH', channel: Buffer.from(channel) };
  const frame: Frame = { via: 'text', payload, ...named, ...rest };
  const message = dissect(frame);
  if (message === undefined) throw new Error('the payload is no message');
  return { frame, message, explanation: explainMessage(frame, message) };
}

/** The rows of the last layer: what the payload holds. */
export function rowsOf({ explanation }: Explained): readonly Row[] {
  return explanation.layers.at(-1)?.rows ?? [];
}

/** Where a layer's rows leave a byte out or explain it twice; undefined where they cover all of it. */
export function findHole({ bytes, rows }: Layer): string | undefined {
  let end = 0;
  for (const { offset, lengthBytes } of rows) {
    if (offset !== end) return `byte ${end} is followed by a row at ${offset}`;
    end += lengthBytes;
  }
  return end === bytes.length ? undefined : `the rows end at ${end} of ${bytes.length}`;
}

/** Every message of every fixture. */
export async function* explainFixtures(): AsyncGenerator<Explained & { readonly file: string }> {
  const files = readdirSync('fixtures', { recursive: true, encoding: 'utf8' });
  const inputs = files.filter((name) => /(?:^|\/)input\.[^/]+$/.test(name)).map((name) => `fixtures/${name}`);
  for (const file of inputs) {
    const batches = readOffline(openInputs([file]), {});
    for await (const batch of batches) {
      for (const observed of batch) {
        if (observed.is !== 'message') continue;
        const { frame, message } = observed;
        yield { file, frame, message, explanation: explainMessage(frame, message) };
      }
    }
  }
}
