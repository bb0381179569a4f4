import type { Captured } from '../model/frame.ts';
import { isRecording, type RecordingReaderOptions } from '../recording/recording-reader.ts';
import { AofCapture, startsAof } from './aof.ts';
import { PcapCapture, startsPacketCapture } from './pcap/pcap-capture.ts';
import { captureRecording, captureRecordingSync } from './recording.ts';
import type { ShortWays } from './short-ways.ts';
import { captureText, captureTextSync } from './text/capture-text.ts';
import type { TextOptions } from './text/text-context.ts';

/** What may be said about an input; each kind takes what concerns it. */
export interface InputOptions extends TextOptions, ShortWays, Pick<RecordingReaderOptions, 'onHeader'> {
  /** pcap: ports on which Redis listens. Default: every connection that begins like one to Redis. */
  readonly ports?: readonly number[];
  /** pcap: every delivery becomes a record, also where its publish is in the capture. */
  readonly allDeliveries?: boolean;
}

/** A form of input that is known by its first bytes. */
export interface InputKind {
  readonly name: string;
  /** `head` has 64 bytes, or fewer where the input has no more. */
  test(head: Buffer): boolean;
  capture(chunks: AsyncIterable<Uint8Array>, options: InputOptions): AsyncIterable<readonly Captured[]>;
  captureSync(bytes: Uint8Array, options: InputOptions): Captured[];
}

/** Reads chunks as they come. */
interface CaptureReader {
  push(chunk: Uint8Array): Captured[];
  end(): Captured[];
}

/** Every kind of input but gzip, which holds one of them; asked in this order, text takes what is left. */
export const INPUT_KINDS: readonly InputKind[] = [
  {
    name: 'recording',
    test: isRecording,
    capture: captureRecording,
    captureSync: captureRecordingSync,
  },
  { name: 'pcap', test: startsPacketCapture, ...readBy((options) => new PcapCapture(options)) },
  { name: 'aof', test: startsAof, ...readBy((options) => new AofCapture(options)) },
  { name: 'text', test: () => true, capture: captureText, captureSync: captureTextSync },
];

function readBy(open: (options: InputOptions) => CaptureReader): Pick<InputKind, 'capture' | 'captureSync'> {
  return {
    capture: async function* (chunks, options) {
      const reader = open(options);
      for await (const chunk of chunks) {
        const batch = reader.push(chunk);
        if (batch.length > 0) yield batch;
      }
      const last = reader.end();
      if (last.length > 0) yield last;
    },
    captureSync: (bytes, options) => {
      const reader = open(options);
      return [...reader.push(bytes), ...reader.end()];
    },
  };
}
