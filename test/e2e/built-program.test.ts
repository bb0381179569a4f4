import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { encode } from '@msgpack/msgpack';
import { runCli } from '../support/cli.ts';
import { record } from '../recording/captured.ts';

const run = promisify(execFile);
/** Enough for threads to start: more than 32 MB. */
const MESSAGES = 100_000;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

function writeRecording(): string {
  return record(
    Array.from({ length: MESSAGES }, (_, index) => ({
      is: 'frame',
      frame: {
        via: 'monitor',
        time: 1_795_375_709_291_598 + index,
        client: `10.0.0.1:${1000 + (index >> 4)}`,
        command: 'PUBLISH',
        channel: Buffer.from(index % 50 === 0 ? 'socket.io-request#/#' : 'socket.io#/#lobby#'),
        payload:
          index % 50 === 0
            ? Buffer.from(`{"uid":"abcdef","requestId":"r${index}","type":5}`)
            : encode([
                'abcdef',
                { type: 2, data: ['chat message', `number ${index} `.repeat(20)], nsp: '/' },
                { rooms: ['lobby'], except: [], flags: {} },
              ]),
      },
    })),
  );
}

void test('the program as it is built decodes a long recording with threads, byte for byte as from source', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-built-'));
  try {
    const recording = join(directory, 'long.rec');
    await writeFile(recording, writeRecording());
    await run('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', join(directory, 'dist')]);
    await cp('bin', join(directory, 'bin'), { recursive: true });
    await cp('package.json', join(directory, 'package.json'));
    await symlink(join(process.cwd(), 'node_modules'), join(directory, 'node_modules'));
    const words = ['decode', '--json', recording];
    const built = await run(process.execPath, [join(directory, 'bin/sio-inspect.js'), ...words], {
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    const source = await runCli(words);
    assert.equal(built.stdout.split('\n').length - 1, MESSAGES);
    assert.equal(digest(built.stdout), digest(source.stdout));
    assert.equal(built.stderr, source.stderr);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

/** Millions of characters are no message for a failed assertion. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
