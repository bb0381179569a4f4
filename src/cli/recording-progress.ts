import { plural } from '../render/phrase.ts';
import { formatBytes } from '../render/text-width.ts';
import { say, showStatus } from './notice.ts';
import type { LiveRecording } from './recording.ts';

const SHOW_MS = 500;

/** A line at the bottom of a terminal that says how much is recorded; nothing where stderr is none. */
export interface RecordingProgress {
  end(): void;
}

export function showRecording(recording: LiveRecording): RecordingProgress {
  if (!process.stderr.isTTY) return { end: () => undefined };
  const show = (): void => {
    const { frames, bytes } = recording.progress;
    showStatus(`${plural(frames, 'frame')} · ${formatBytes(bytes)}`);
  };
  const timer = setInterval(show, SHOW_MS);
  return {
    end: () => {
      clearInterval(timer);
      const { frames, bytes } = recording.progress;
      say(`${plural(frames, 'frame')} · ${formatBytes(bytes)}`);
    },
  };
}
