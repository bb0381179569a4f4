import { createReadStream } from 'node:fs';

/** How often each of `marks` stands in a file. */
export async function countMarks(file: string, marks: readonly string[]): Promise<readonly number[]> {
  const counters = marks.map((mark) => ({ bytes: Buffer.from(mark), count: 0 }));
  const overlap = Math.max(...counters.map(({ bytes }) => bytes.length)) - 1;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) {
    const block = Buffer.concat([rest, chunk as Buffer]);
    for (const counter of counters) counter.count += countIn(block, counter.bytes, rest.length);
    rest = block.subarray(Math.max(0, block.length - overlap));
  }
  return counters.map(({ count }) => count);
}

/** Those that end within the first `seen` bytes were counted with the block before. */
function countIn(block: Buffer, mark: Buffer, seen: number): number {
  let count = 0;
  const start = Math.max(0, seen - mark.length + 1);
  for (let at = block.indexOf(mark, start); at !== -1; at = block.indexOf(mark, at + mark.length)) count++;
  return count;
}
