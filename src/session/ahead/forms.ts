import { MonitorLines } from '../../capture/text/monitor-lines.ts';
import type { AheadForm } from '../../recording/ahead.ts';
import type { RecordedOrigin } from '../../recording/format.ts';
import { FrameLines, parseObject } from '../../recording/frame-lines.ts';
import type { LineFrames } from '../../recording/glance.ts';
import { LineReader } from '../../recording/line-reader.ts';

/** How the lines of a form are read where what came before is not known. */
export interface FormReader {
  readonly frames: LineFrames;
  /** What the numbers of origins stand for from here on. */
  setOrigins(origins: ReadonlyMap<number, RecordedOrigin>): void;
  /** Told of lines that `frames` does not read. */
  passOver(line: Buffer): void;
}

export const FORMS: Readonly<Record<AheadForm, () => FormReader>> = {
  recording: () => new RecordingForm(),
  monitor: () => ({ frames: new MonitorLines(), setOrigins: () => undefined, passOver: () => undefined }),
};

/** Lines of frames begin so, and say nothing about origins. */
const FRAME_MARK = Buffer.from('{"t":');

class RecordingForm implements FormReader {
  readonly #lines = new LineReader();
  readonly frames = new FrameLines(this.#lines);

  setOrigins(origins: ReadonlyMap<number, RecordedOrigin>): void {
    this.#lines.restart(origins);
    this.frames.forget();
  }

  /** Origins may be said anew. */
  passOver(line: Buffer): void {
    if (FRAME_MARK.equals(line.subarray(0, FRAME_MARK.length))) return;
    const parsed = parseObject(line.toString('utf8'));
    if (parsed === undefined) return;
    if ('sioInspectRecording' in parsed) this.setOrigins(new Map());
    else if ('origin' in parsed && !('o' in parsed)) this.#lines.read(parsed);
    this.frames.forget();
  }
}
