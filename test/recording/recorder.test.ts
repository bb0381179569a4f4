import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { captureInputSync } from '../../src/capture/capture-input.ts';
import type { Captured } from '../../src/model/frame.ts';
import { Recorder, type RecorderOptions } from '../../src/recording/recorder.ts';
import { waitFor } from '../support/wait.ts';

let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sio-inspect-recorder-'));
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

function frame(index: number): Captured {
  return {
    is: 'frame',
    frame: {
      via: 'subscribe',
      time: 1795375709291598 + index,
      command: 'PMESSAGE',
      channel: Buffer.from('socket.io#/#'),
      payload: Buffer.from(`payload ${index}`),
    },
  };
}

function open(name: string, options: Partial<RecorderOptions> = {}): Promise<Recorder> {
  const file = name.startsWith('/') ? name : join(directory, name);
  return Recorder.open({ file, header: { tool: 'test', source: { via: ['subscribe'] } }, ...options });
}

async function payloadsIn(name: string): Promise<string[]> {
  return payloads(captureInputSync(await readFile(join(directory, name))));
}

function payloads(items: readonly Captured[]): string[] {
  return items.map((item) =>
    item.is === 'frame' ? Buffer.from(item.frame.payload ?? []).toString() : item.is,
  );
}

for (const name of ['plain.rec', 'packed.rec.gz']) {
  void test(`Recorder writes ${name}, which can be read while it is being written and is its owner's alone`, async () => {
    const recorder = await open(name);
    recorder.add(frame(1));
    await recorder.flush();
    // Nothing but time makes a gzip block complete.
    await waitFor('the first frame on the disk', async () =>
      (await payloadsIn(name)).includes('payload 1') ? true : undefined,
    );
    recorder.add(frame(2));
    await recorder.close();
    assert.deepEqual(await payloadsIn(name), ['payload 1', 'payload 2']);
    assert.equal(recorder.frames, 2);
    assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600);
  });
}

void test('a gzip recording that was cut off anywhere gives what was whole', async () => {
  const recorder = await open('cut.rec.gz');
  for (let index = 0; index < 50; index++) recorder.add(frame(index));
  await recorder.close();
  const whole = await readFile(join(directory, 'cut.rec.gz'));
  const expected = payloads(captureInputSync(whole));
  let seen = 0;
  for (let cut = 3; cut < whole.length; cut++) {
    const items = captureInputSync(whole.subarray(0, cut)).filter(
      // Of the first bytes it cannot be said what they are.
      (item) => item.is === 'frame' && item.frame.via === 'recording',
    );
    assert.deepEqual(payloads(items), expected.slice(0, items.length), `cut at ${cut}`);
    seen = Math.max(seen, items.length);
  }
  assert.equal(seen, 50);
});

void test('Recorder begins a further file by size, each with its own header and origins, and passes over names that are taken', async () => {
  await writeFile(join(directory, 'many.rec.2'), 'not ours');
  const recorder = await open('many.rec', { rotateBytes: 600 });
  const all: string[] = [];
  for (let index = 0; index < 40; index++) {
    recorder.add(frame(index));
    all.push(`payload ${index}`);
    if (index % 3 === 0) await recorder.flush();
  }
  await recorder.close();
  assert.equal(await readFile(join(directory, 'many.rec.2'), 'utf8'), 'not ours');
  const parts = (await readdir(directory)).filter(
    (name) => /^many\.rec(\.\d+)?$/.test(name) && !name.endsWith('.2'),
  );
  assert.ok(parts.length > 3, parts.join());
  const number = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
  const read: string[] = [];
  for (const part of parts.sort((a, b) => number(a) - number(b))) read.push(...(await payloadsIn(part)));
  assert.deepEqual(read, all);
});

void test('Recorder begins each further file with the last look, even one that is larger than a file may be', async () => {
  const recorder = await open('looks.rec', { rotateBytes: 300 });
  for (const [index, from] of [1, 2].entries()) {
    recorder.add({ is: 'look', look: { from, padding: 'x'.repeat(400) } });
    recorder.add(frame(index));
    await recorder.flush();
  }
  await recorder.flush();
  await recorder.close();
  const parts = (await readdir(directory)).filter((name) => name.startsWith('looks.rec')).sort();
  const told = await Promise.all(
    parts.map(async (part) =>
      captureInputSync(await readFile(join(directory, part))).map((item) =>
        item.is === 'look' ? `look ${(item.look as { from: number }).from}` : item.is,
      ),
    ),
  );
  assert.deepEqual(told, [['look 1', 'frame'], ['look 1', 'look 2', 'frame'], ['look 2']]);
});

void test('Recorder begins a further file by time and keeps .gz at the end of its name', async () => {
  const recorder = await open('timed.rec.gz', { rotateMs: 1 });
  recorder.add(frame(1));
  await waitFor('a second file', async () => {
    await recorder.flush();
    return existsSync(join(directory, 'timed.rec.1.gz')) || undefined;
  });
  recorder.add(frame(2));
  await recorder.close();
  const parts = (await readdir(directory)).filter((name) => name.startsWith('timed'));
  const read = await Promise.all(parts.map(payloadsIn));
  assert.deepEqual(read.flat().sort(), ['payload 1', 'payload 2']);
});

void test('Recorder overwrites nothing', async () => {
  await writeFile(join(directory, 'taken.rec'), 'precious');
  await assert.rejects(open('taken.rec'), { code: 'EEXIST' });
  assert.equal(await readFile(join(directory, 'taken.rec'), 'utf8'), 'precious');
});

void test(
  'Recorder does not begin where not even the header can be written',
  {
    skip: !existsSync('/dev/full'),
  },
  () => assert.rejects(open('/dev/full'), { code: 'ENOSPC' }),
);

/** What becomes of a file that may have 8 blocks of 512 or 1024 bytes; the system answers EFBIG, as it would ENOSPC. */
async function recordLimited(
  name: string,
  body: string,
): Promise<{ readonly said: unknown; readonly items: Captured[] }> {
  const file = join(directory, name);
  const program = `
    const { Recorder } = await import('./src/recording/recorder.ts');
    const recorder = await Recorder.open({ file: process.argv[1], header: { tool: 'test', source: { via: ['subscribe'] } } });
    const { randomBytes } = await import('node:crypto');
    const { statSync } = await import('node:fs');
    const frame = (time) => ({ is: 'frame', frame: { via: 'subscribe', time, command: 'PMESSAGE', channel: Buffer.from('a#/#'), payload: randomBytes(1500) } });
    ${body}
    await recorder.close();
    const { frames, hasFailed } = recorder;
    console.log(JSON.stringify({ frames, hasFailed }));`;
  const command = 'ulimit -f 8; exec "$0" --import tsx --input-type=module -e "$1" "$2"';
  const run = spawnSync('sh', ['-c', command, process.execPath, program, file]);
  assert.equal(run.status, 0, run.stderr.toString());
  return { said: JSON.parse(run.stdout.toString()), items: captureInputSync(await readFile(file)) };
}

for (const name of ['limited.rec', 'limited.rec.gz']) {
  const options = { skip: process.platform === 'win32' };
  void test(
    `${name} that may not grow ends in whole lines and a gap, and its frames are counted`,
    options,
    async () => {
      const { said, items } = await recordLimited(
        name,
        `for (let index = 1; index <= 200; index++) {
         recorder.add(frame(index));
         await recorder.flush();
         // A block of gzip takes its time.
         while (index === 1 && process.argv[1].endsWith('.gz') && statSync(process.argv[1]).size < 1500)
           await recorder.flush();
       }`,
      );
      const last = items.pop();
      assert.deepEqual(last?.is === 'gap' && [last.gap.reason, last.gap.from], ['dropped', items.length]);
      assert.ok(items.length > 0);
      assert.ok(items.every(({ is }) => is === 'frame'));
      assert.deepEqual(said, { frames: items.length, hasFailed: true });
    },
  );

  void test(
    `${name} of which not even the first block fits says that something is missing, and nothing else`,
    options,
    async () => {
      const body = `for (let index = 1; index <= 200; index++) recorder.add(frame(index));`;
      const { said, items } = await recordLimited(`first-${name}`, body);
      assert.deepEqual(items, [
        { is: 'gap', gap: { via: 'recording', reason: 'dropped', recordedVia: 'recording' } },
      ]);
      assert.deepEqual(said, { frames: 0, hasFailed: true });
    },
  );
}
