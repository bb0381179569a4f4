import { encode } from '@msgpack/msgpack';
import type { Running } from '../support/cli.ts';

/** A line of `--json`, as far as these tests look at it. */
export interface Line {
  readonly seq: number;
  readonly kind: string;
  readonly bytes?: number;
  readonly args?: readonly [number];
  readonly reason?: string;
}

/** A numbered broadcast of the classic adapter, with so many bytes of padding. */
export function numberedBroadcast(index: number, paddingBytes = 0): Buffer {
  const packet = { type: 2, data: ['tick', index, 'x'.repeat(paddingBytes)], nsp: '/' };
  return Buffer.from(encode(['6n0BWC', packet, { rooms: [], flags: {} }]));
}

export function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** Numbers of the broadcasts, and the reasons of gaps between them. */
export function storyOf(lines: readonly Line[]): readonly (number | string)[] {
  return lines.map(({ kind, args, reason }) => (kind === 'gap' ? (reason ?? '') : (args?.[0] ?? kind)));
}

/** Ends it as the user would, and gives what it wrote. */
export async function interrupt(
  running: Running,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<{ readonly code: number | null; readonly lines: readonly Line[]; readonly stderr: string }> {
  const end = running.finished();
  running.child.kill(signal);
  const { code, stdout, stderr } = await end;
  return { code, lines: linesOf(stdout), stderr };
}
