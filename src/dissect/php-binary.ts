import { asBuffer } from '../bytes/decode-error.ts';
import type { Message } from '../model/message.ts';
import { classicBroadcast } from './classic-broadcast.ts';
import type { Dissector } from './dissector.ts';
import type { Memory } from './memory.ts';
import { View } from './view.ts';

/**
 * The oldest PHP emitters (rase/socket.io-emitter 0.6, `src/Emitter.php`) write `da` as `d8` and `db` as `d9`
 * through the whole packet when it holds binary, to mark long texts as buffers for msgpack-js. Where that has also
 * hit a length, no reading fits any more; turned round, it mostly does. Comes after the classic broadcast, which
 * reads what is still whole.
 */
export const phpBinary: Dissector = {
  name: 'old PHP binary hack',
  dissect(view: View, memory: Memory): Message | undefined {
    const bytes = asBuffer(view.bytes);
    const isEnvelope = bytes[0] === 0x92 || bytes[0] === 0x93;
    if (!isEnvelope || bytes.includes(0xda) || bytes.includes(0xdb)) return undefined;
    if (!bytes.includes(0xd8) && !bytes.includes(0xd9)) return undefined;
    const turned = new View({ ...view.frame, payload: turnRound(bytes) }, view.keys);
    const answer = classicBroadcast.dissect(turned, memory);
    if (answer === undefined || !('kind' in answer)) return undefined;
    const { body, ...message } = answer;
    return {
      ...message,
      ...(body === undefined ? {} : { body: { ...body, bytes: view.bytes } }),
      findings: [
        ...(message.findings ?? []),
        {
          code: 'php-binary-hack',
          severity: 'warning',
          message:
            'An old PHP emitter has written every byte da as d8 and db as d9. It was read the other way round; where the data held d8 or d9 itself, it is now shown wrong: what was sent is lost.',
        },
      ],
    };
  },
};

function turnRound(bytes: Buffer): Buffer {
  const turned = Buffer.from(bytes);
  for (const [index, byte] of bytes.entries()) {
    if (byte === 0xd8) turned[index] = 0xda;
    if (byte === 0xd9) turned[index] = 0xdb;
  }
  return turned;
}
