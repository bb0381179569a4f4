import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { captureTextSync } from '../../../src/capture/text/capture-text.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import type { Captured } from '../../../src/model/frame.ts';
import { waitFor } from '../../support/wait.ts';

const CHANNEL = 'socket.io#/room "a" #';
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Payloads that break naive readers: every byte, quotes, line ends, text that looks like another delivery. */
const PAYLOADS: readonly Buffer[] = [
  latin1('\x92\xa1a\x01'),
  Buffer.concat([
    latin1('\x92\xa1x\xc5\x01\x00'),
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  ]),
  latin1('\x92\xa1x\xd9\x28\npmessage\nsocket.io*\nsocket.io#/#\n\x92\xa1b\x02\nx'),
  Buffer.from('{"uid":"é\\n\\"","type":3,"path":"C:\\\\x93 \\\\n"}'),
  Buffer.from('["x",{"a":"\\\\x41"}]'),
  latin1('\x92\xa1a" \xd9\x20'.padEnd(41, '"," ')),
  Buffer.from('not a value\n1) "pmessage"\nat all'),
  Buffer.from(''),
  Buffer.from('end'),
];

let redis: PrivateRedis;
before(async () => {
  redis = await startPrivateRedis();
});
after(() => redis.stop());

const cli = (...words: string[]): string[] => ['-p', String(redis.port), ...words];

/** Publishes all payloads while redis-cli watches, and gives what it printed. */
async function watch(
  command: string,
  args: readonly string[],
  publish: 'PUBLISH' | 'SPUBLISH',
): Promise<Buffer> {
  const watcher = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const printed: Buffer[] = [];
  watcher.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  const all = (): string => Buffer.concat(printed).toString('latin1');
  await waitFor('redis-cli to watch', () => (/subscribe|OK/.test(all()) ? true : undefined));
  for (const payload of [...PAYLOADS, latin1('last one')]) {
    execFileSync('redis-cli', cli('-x', publish, CHANNEL), { input: payload });
  }
  await waitFor('the last payload', () => (all().includes('last one') ? true : undefined));
  await stop(watcher);
  return Buffer.concat(printed);
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

function payloadsOf(captured: readonly Captured[], command: string): string[] {
  return captured.flatMap((item) => {
    assert.notEqual(item.is, 'unframed', JSON.stringify(item));
    if (item.is !== 'frame') return [];
    assert.equal(item.frame.command, command);
    assert.equal(Buffer.from(item.frame.channel ?? []).toString(), CHANNEL);
    return [Buffer.from(item.frame.payload ?? []).toString('latin1')];
  });
}

const EXPECTED = [...PAYLOADS.map((payload) => payload.toString('latin1')), 'last one'];

describe('captureText reads what redis-cli prints', () => {
  for (const mode of ['--no-raw', '--csv', '--json', '--quoted-json', '--raw', '-3 --no-raw']) {
    it(`for psubscribe ${mode}`, async () => {
      const printed = await watch(
        'redis-cli',
        cli(...mode.split(' '), 'psubscribe', 'socket.io*'),
        'PUBLISH',
      );
      const captured = captureTextSync(printed);
      assert.deepEqual(payloadsOf(captured, 'PMESSAGE'), EXPECTED);
      assert.deepEqual(captured[0], { is: 'other', command: 'PSUBSCRIBE' });
    });
  }

  it('for two overlapping subscriptions: one frame each', async () => {
    const printed = await watch('redis-cli', cli('--csv', 'psubscribe', 'socket.io*', 'socket*'), 'PUBLISH');
    assert.equal(payloadsOf(captureTextSync(printed), 'PMESSAGE').length, 2 * EXPECTED.length);
  });

  it('for ssubscribe', async () => {
    const printed = await watch('redis-cli', cli('--no-raw', 'ssubscribe', CHANNEL), 'SPUBLISH');
    const captured = captureTextSync(printed);
    assert.deepEqual(payloadsOf(captured, 'SMESSAGE'), EXPECTED);
    assert.ok(captured.some((item) => item.is === 'frame' && item.frame.via === 'shard'));
  });

  it('for monitor, also at a terminal', async () => {
    const line = cli('monitor').join(' ');
    for (const [command, args] of [
      ['redis-cli', cli('monitor')],
      ['script', ['-qfc', `redis-cli ${line}`, '/dev/null']],
    ] as const) {
      const printed = await watch(command, args, 'PUBLISH');
      const captured = captureTextSync(printed).filter((item) => item.is !== 'other');
      assert.deepEqual(payloadsOf(captured, 'PUBLISH'), EXPECTED);
    }
  });

  it('for xrange and xread: entries with their ids and the time in them', () => {
    for (const data of ['\x01', 'é']) {
      execFileSync('redis-cli', cli('xadd', 'stream', '*', 'uid', 'u', 'nsp', '/', 'data', data));
    }
    for (let more = 0; more < 10; more++) execFileSync('redis-cli', cli('xadd', 'stream', '*', 'type', '1'));
    for (const words of [
      ['xrange', 'stream', '-', '+'],
      ['xread', 'streams', 'stream', '0'],
    ]) {
      const printed = execFileSync('redis-cli', cli('--no-raw', ...words));
      const frames = captureTextSync(printed, { channel: 'stream' }).map((item) => {
        assert.equal(item.is, 'frame');
        return item.frame;
      });
      assert.equal(frames.length, 12);
      assert.deepEqual(
        frames
          .slice(0, 3)
          .map((frame) => (frame.payload ? Buffer.from(frame.payload).toString() : undefined)),
        ['\x01', 'é', undefined],
      );
      for (const { entry, time, channel, via } of frames) {
        assert.equal(Buffer.from(channel ?? []).toString(), 'stream');
        assert.equal(time, Number(entry?.id?.split('-')[0]) * 1000);
        assert.equal(via, 'stream');
      }
      assert.equal(frames[0]?.entry?.fields.length, 3);
    }
  });

  it('for slowlog: whole commands, and those that were cut as lost', () => {
    execFileSync('redis-cli', cli('config', 'set', 'slowlog-log-slower-than', '0'));
    execFileSync('redis-cli', cli('publish', 'c', 'short'));
    execFileSync('redis-cli', cli('publish', 'c', 'x'.repeat(300)));
    const captured = captureTextSync(execFileSync('redis-cli', cli('--no-raw', 'slowlog', 'get', '2')));
    const [long, short] = captured;
    assert.equal(captured.length, 2);
    assert.ok(long?.is === 'unframed' && long.unframed.code === 'lost-bytes');
    assert.match(long.unframed.message, /SLOWLOG.*monitor/);
    assert.ok(short?.is === 'frame' && Buffer.from(short.frame.payload ?? []).toString() === 'short');
  });
});
