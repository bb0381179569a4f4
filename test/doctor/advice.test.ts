import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { runCli } from '../support/cli.ts';

let redis: PrivateRedis;
const connections: Redis[] = [];
/** Where the commands are typed; `bin` in it has sio-inspect from source. */
let directory: string;

before(async () => {
  redis = await startPrivateRedis();
  const servers = connect();
  // What one classic server subscribes to (@socket.io/redis-adapter 8.3, lib/index.ts).
  await servers.psubscribe('socket.io#/#*', "it's mine#/#*");
  await servers.subscribe('socket.io-request#/#', 'socket.io-response#/#', 'socket.io-response#/#6n0BWC#');
  directory = await mkdtemp(join(tmpdir(), 'sio-inspect-advice-'));
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const words = [process.execPath, '--import', import.meta.resolve('tsx'), main].map((word) => `'${word}'`);
  await writeFile(join(directory, 'sio-inspect'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, {
    mode: 0o755,
  });
});

after(async () => {
  for (const connection of connections) connection.disconnect();
  await redis.stop();
  await rm(directory, { recursive: true });
});

/** A connection that ends with the tests. */
function connect(connection = new Redis(redis.url)): Redis {
  connections.push(connection);
  return connection;
}

/** Types a command into a shell. */
async function type(command: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const env = { ...process.env, PATH: `${directory}${delimiter}${process.env.PATH ?? ''}`, NO_COLOR: '1' };
  const child = spawn('sh', ['-c', command], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  await once(child, 'close');
  return { code: child.exitCode, said: Buffer.concat(said).toString() };
}

/** The commands that the doctor's findings end with. */
async function commandsOf(...args: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await runCli(['doctor', '--url', redis.url, '--json', ...args]);
  const { findings } = JSON.parse(stdout || stderr) as { findings: { next: string[] }[] };
  return findings.flatMap(({ next }) =>
    next.flatMap((text) => /: ((?:redis-cli|sio-inspect) .*)/.exec(text)?.[1] ?? []),
  );
}

void test('what poison-payload says to type shows the payload byte by byte, of a key with odd characters, too', async () => {
  for (const channel of ['socket.io#/#', "it's mine#/#"]) await explainPoison(connect(), channel);
});

async function explainPoison(publisher: Redis, channel: string): Promise<void> {
  const publishing = setInterval(() => void publisher.publish(channel, 'hello'), 20);
  try {
    const keys = ['--key', 'socket.io', '--key', "it's mine"];
    const commands = await commandsOf('--rule', 'poison-payload', '--for', '1s', ...keys);
    const [explain] = commands.filter((command) => command.includes('explain'));
    assert.ok(explain !== undefined, 'it says how to look at it');
    const { code, said } = await type(explain);
    assert.equal(code, 1, `${explain}\n${said}`);
    assert.match(said, /1 {2}65 6c 6c 6f +✗ breaks here/, explain);
    await rm(join(directory, 'poison.rec'));
  } finally {
    clearInterval(publishing);
  }
}

void test('what acl-denied says to type allows the channel, and nothing that its name says beyond', async () => {
  const admin = connect();
  await admin.acl('SETUSER', "o'brien", 'on', 'nopass', '~*', '+@all', 'resetchannels');
  const brien = connect(new Redis(redis.url, { username: "o'brien", password: 'any' }));
  const pattern = "socket.io#/';touch${IFS}gotcha;'#*";
  await assert.rejects(brien.psubscribe(pattern), /NOPERM/);
  const commands = await commandsOf('--rule', 'acl-denied', '--for', '0s');
  assert.equal(commands.length, 2);
  for (const command of commands) {
    const { code, said } = await type(command);
    assert.deepEqual([code, said.trim()], [0, 'OK'], command);
  }
  await brien.psubscribe(pattern);
  assert.deepEqual(await readdir(directory), ['sio-inspect']);
  assert.deepEqual(await commandsOf('--rule', 'acl-denied', '--for', '0s'), []);
});

void test('what phantom-subscriber says to type ends the phantom, and no server', async () => {
  const phantom = connect(new Redis(redis.url, { retryStrategy: () => null }));
  phantom.on('error', () => undefined);
  await phantom.subscribe('socket.io-request#/#');
  const ended = once(phantom, 'end');
  const [kill = ''] = await commandsOf('--rule', 'phantom-subscriber', '--for', '0s');
  assert.equal((await type(kill)).said.trim(), '1', kill);
  await ended;
  assert.deepEqual(await commandsOf('--rule', 'phantom-subscriber', '--for', '0s'), []);
});
