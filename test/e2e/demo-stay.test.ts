import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type Running, runCli, startCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

const READY = /What passes through Redis from here on/;
const serverOf = (demo: Running): string => /--server (\S+)/.exec(demo.stdout())?.[1] ?? '';
const redisOf = (demo: Running): string => /--url (\S+)/.exec(demo.stdout())?.[1] ?? '';

async function startDemo(...args: readonly string[]): Promise<Running> {
  const demo = startCli(['demo', '--stay', '--port', '0', ...args]);
  await demo.until(READY, 30_000);
  return demo;
}

/** Whether something accepts connections on the port of a URL. */
async function isListening(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  const there = await redis.connect().then(
    () => true,
    () => false,
  );
  redis.disconnect();
  return there;
}

describe('demo that stays, with chat', () => {
  let demo: Running;
  before(async () => {
    demo = await startDemo('--redis', 'mini');
  });
  after(async () => {
    demo.child.kill('SIGTERM');
    await demo.finished();
  });

  it('lets two chat clients on different workers hear each other, and shows what they say', async () => {
    const isConnected = /connected, id: [\w-]{20}, worker: \d\n/;
    const a = startCli(['chat', 'A', '--server', serverOf(demo)]);
    const running = [a];
    try {
      // The worker with the fewest clients is taken: the first one has to be counted by then.
      await a.until(isConnected);
      const b = startCli(['chat', 'B', '--server', serverOf(demo)]);
      running.push(b);
      await b.until(isConnected);
      const [of, at] = [a, b].map((client) => /worker: (\d)/.exec(client.stdout())?.[1]);
      assert.notEqual(of, at);
      a.child.stdin.write('Hello from A\n');
      await b.until(/^Hello from A$/m);
      b.child.stdin.write('Hello from B\n');
      await a.until(/^Hello from B$/m);
      await demo.until(/\+ A connects to worker \d[\s\S]*→ all but 1 socket +chat message +"Hello from A"/);
      a.child.stdin.end();
      b.child.stdin.end();
      const ended = await Promise.all([a.finished(), b.finished()]);
      assert.deepEqual(
        ended.map(({ code }) => code),
        [0, 0],
      );
      assert.doesNotMatch(a.stdout(), /Hello from A/);
    } finally {
      for (const { child } of running) child.kill();
    }
  });

  it('takes all lines of a pipe, in order, and shows a hostile one escaped', async () => {
    const b = startCli(['chat', 'B', '--stay', '--server', serverOf(demo)]);
    try {
      await b.until(/connected/);
      const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
      const input = [...lines, '\u001b[31mred\u202e', 'last'].join('\n');
      const { code } = await runCli(['chat', 'A', '--server', serverOf(demo)], { input });
      assert.equal(code, 0);
      await b.until(/^last$/m);
      const heard = b.stdout().split('\n').slice(1, -1);
      assert.deepEqual(heard, [...lines, '\\x1b[31mred\\u202e', 'last']);
    } finally {
      b.child.kill('SIGTERM');
      assert.equal((await b.finished()).code, 143);
    }
  });

  it('says which worker answers, and keeps strangers out', async () => {
    const answer = await fetch(`${serverOf(demo)}/worker`);
    assert.match(await answer.text(), /^worker: [1-4]\n$/);
    const page = await fetch(`${serverOf(demo)}/`);
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(policy, /unsafe|\*|data:/);
    const foreign = await fetch(`${serverOf(demo)}/socket.io/?EIO=4&transport=polling`, {
      headers: { Origin: 'http://evil.example' },
    });
    assert.equal(foreign.status, 403);
  });

  it('can be watched with the command that it prints', async () => {
    const watcher = startCli(['monitor', '--json', '--count', '1', '--url', redisOf(demo)]);
    try {
      await watcher.until(/PSUBSCRIBE/);
      await runCli(['chat', 'C', '--server', serverOf(demo)], { input: 'watch me\n' });
      const { code, stdout } = await watcher.finished();
      assert.equal(code, 0);
      assert.deepEqual((JSON.parse(stdout) as { args: unknown }).args, ['watch me']);
    } finally {
      watcher.child.kill();
    }
  });
});

describe('demo that ends', () => {
  it('stops its Redis and its workers with Ctrl-C, and ends with 130', async () => {
    const demo = await startDemo('--redis', 'server');
    const url = redisOf(demo);
    assert.equal(await isListening(url), true);
    demo.child.kill('SIGINT');
    const { code, stderr } = await demo.finished();
    assert.equal(code, 130, stderr);
    assert.equal(await isListening(url), false);
  });

  it('killed, leaves neither workers nor Redis behind', async () => {
    const demo = await startDemo('--redis', 'server');
    const url = redisOf(demo);
    demo.child.kill('SIGKILL');
    // Its pipes are inherited by nobody, so this resolves when the last of its family is gone or has let go.
    await demo.finished();
    await waitFor('Redis to be gone', async () => ((await isListening(url)) ? undefined : true));
    await waitFor('workers to be gone', () =>
      fetch(`${serverOf(demo)}/worker`).then(
        () => undefined,
        () => true,
      ),
    );
  });

  it('ends quietly when nobody reads any more', async () => {
    const demo = startCli(['demo', '--stay', '--port', '0', '--redis', 'mini']);
    demo.child.stdout.destroy();
    const { code, stderr } = await demo.finished();
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('refuses a taken port, and says what to do', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    try {
      const { code, stdout, stderr } = await runCli(['demo', '--port', String(port)]);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, new RegExp(`^sio-inspect: Port ${port} on 127\\.0\\.0\\.1 is taken.*--port 0`));
    } finally {
      squatter.close();
    }
  });
});
