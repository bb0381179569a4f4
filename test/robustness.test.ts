import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteBytes } from '../src/bytes/sds-repr.ts';
import { decodePayload } from '../src/index.ts';
import { MAX_VALUES } from '../src/model/value.ts';
import { runCli } from './support/cli.ts';

const CHANNEL = { channel: 'socket.io#/#' };
const BLOG = Buffer.from(
  '93a6366e3042574383a47479706502a46461746192ac63686174206d657373616765ac48656c6c6f2066726f6d2041a36e7370a12f83a665786365707491b453314835704a636d384b756e356c4f6f41414141a5726f6f6d73c4a5666c61677381a962726f616463617374c3',
  'hex',
);

/** An envelope around one hostile value, so that the shape holds and only the value is strange. */
function around(value: Uint8Array): Uint8Array {
  const head = Buffer.from('93a6616263646566' + '83a47479706502a46461746192a165', 'hex');
  const tail = Buffer.from('a36e7370a12f80', 'hex');
  return Buffer.concat([head, value, tail]);
}

void test('every lead byte as an argument gives an honest record', () => {
  for (let lead = 0; lead < 256; lead++) {
    for (const rest of ['', '00', '0000000000000000', 'ffffffff']) {
      const payload = around(Buffer.concat([Buffer.from([lead]), Buffer.from(rest, 'hex')]));
      const record = decodePayload(payload, CHANNEL);
      assert.equal(record.bytes, payload.length);
      if (record.kind === 'undecoded') assert.equal(record.raw, Buffer.from(payload).toString('base64'));
    }
  }
});

void test('the payload of the blog post, cut anywhere, is undecoded with an offset inside it', () => {
  for (let length = 0; length < BLOG.length; length++) {
    const record = decodePayload(BLOG.subarray(0, length), CHANNEL);
    assert.equal(record.kind, 'undecoded', `cut after ${length} bytes`);
    assert.ok((record.error?.offset ?? -1) >= 0 && (record.error?.offset ?? 0) <= length);
  }
});

void test('nesting up to 500 levels is decoded, deeper is too-deep, and 10^6 deep neither crashes nor hangs', () => {
  const nest = (depth: number): Uint8Array =>
    around(Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.from([0xc0])]));
  assert.equal(decodePayload(nest(100), CHANNEL).kind, 'broadcast');
  for (const depth of [600, 1_000_000]) {
    assert.equal(decodePayload(nest(depth), CHANNEL).error?.code, 'too-deep');
  }
  const json = Buffer.from(`["abcdef",{"type":2,"data":["e",${'['.repeat(1e6)}`);
  assert.equal(decodePayload(json, CHANNEL).error?.code, 'too-deep');
});

void test('headers that claim 2^32 items are refused before anything is allocated', () => {
  for (const claim of ['ddffffffff', 'dfffffffff', 'dbffffffff', 'c6ffffffff', 'c9ffffffff01']) {
    const before = process.memoryUsage().rss;
    const record = decodePayload(around(Buffer.from(claim, 'hex')), CHANNEL);
    assert.equal(record.error?.code, 'truncated', claim);
    assert.ok(process.memoryUsage().rss - before < 50e6);
  }
});

void test('__proto__ keys reach no prototype and are shown as pairs', () => {
  const hex = '81a95f5f70726f746f5f5f81a8706f6c6c75746564c3';
  const record = decodePayload(around(Buffer.from(hex, 'hex')), CHANNEL);
  assert.deepEqual(record.args, [{ $map: [['__proto__', { polluted: true }]] }]);
  assert.deepEqual(
    record.findings?.map(({ code }) => code),
    ['proto-key'],
  );
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

void test('random bytes, and a real payload with random changes, always give a record that holds them', () => {
  const changed = fc
    .array(fc.tuple(fc.nat(BLOG.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    .map((changes) => {
      const bytes = Buffer.from(BLOG);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
  const payloads = fc.oneof(fc.uint8Array({ maxLength: 300 }), changed);
  fc.assert(
    fc.property(
      payloads,
      fc.constantFrom(
        'socket.io#/#',
        'socket.io-request#/#',
        'socket.io-response#/#',
        'socketio',
        'socket.io#emitter',
      ),
      (payload, channel) => {
        const record = decodePayload(payload, { channel });
        assert.equal(record.bytes, payload.length);
        if (record.kind === 'undecoded') assert.equal(record.raw, Buffer.from(payload).toString('base64'));
      },
    ),
    { numRuns: 3000 },
  );
});

void test('the printed lines and records of hostile text hold no control character', async () => {
  const text = Buffer.from('\u001b]0;owned\u0007\u001b[2J\u202e\u0000\u009b31m\n');
  const value = Buffer.concat([Buffer.from([0xd9, text.length]), text]);
  const event = Buffer.concat([
    Buffer.from('93a6616263646566' + '83a47479706502a46461746192', 'hex'),
    value,
    value,
    Buffer.from('a36e7370a12f80', 'hex'),
  ]);
  for (const args of [[], ['--json'], ['--full']]) {
    const run = await runCli(['decode', '--channel', 'socket.io#/#', ...args], {
      input: event.toString('hex'),
    });
    assert.equal(run.code, 0, run.stderr);
    assert.doesNotMatch(run.stdout.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/u);
    assert.match(run.stdout, /owned/);
  }
});

void test('memory stays within 100 times the input, whatever the bytes are', async () => {
  for (const [name, byte] of LEADS) {
    const payload = around(
      Buffer.concat([arrayHeader(MAX_VALUES - 100), Buffer.alloc(MAX_VALUES - 100, byte)]),
    );
    const { kind, grownBytes } = await decodeApart(payload);
    assert.equal(kind, 'broadcast');
    // What V8 takes for its young generation, whatever is decoded, is not counted.
    assert.ok(
      grownBytes - 48e6 < 100 * payload.length,
      `${name}: ${Math.round(grownBytes / payload.length)} times`,
    );
  }
});

void test('more than two million values are refused before they fill the memory', async () => {
  const payload = around(Buffer.concat([arrayHeader(40e6), Buffer.alloc(40e6, 0xc0)]));
  const { kind, grownBytes } = await decodeApart(payload);
  assert.equal(kind, 'undecoded');
  assert.ok(grownBytes < 200e6, `${Math.round(grownBytes / 1e6)} MB`);
  assert.equal(decodePayload(payload, CHANNEL).error?.code, 'too-large');
});

/** Pickles that Python itself would run out of memory or time with, or refuse, and why we do not read them. */
const BOMBS = [
  ['too-large', "b'\\x80\\x02]q\\0' + b''.join(b'](h%ch%ceq%c' % (i, i, i + 1) for i in range(60)) + b'.'"],
  [
    'too-large',
    "b'\\x80\\x04\\x8c\\x01a\\x94' + b''.join(b'h%ch%c\\x86\\x94' % (i, i) for i in range(60)) + b'.'",
  ],
  ['too-deep', "b'\\x80\\x02' + b']' * 1000000 + b'a' * 999999 + b'.'"],
  ['too-deep', "b'\\x80\\x02N' + b'\\x85' * 1000000 + b'.'"],
  [
    'wrong-shape',
    "b'\\x80\\x02K\\x01' + b''.join(b'r%s0j%s' % (n, n) for n in map(u4, range(100000))) + b'.'",
  ],
  ['truncated', "b'\\x80\\x04\\x8e' + bytes([0, 0, 0, 0, 0, 0, 0, 0x80]) + b'x.'"],
  ['too-large', "b'\\x80\\x02\\x8b' + u4(1000000) + b'\\x7f' * 1000000 + b'.'"],
] as const;

void test('hostile pickles are described by every command in a heap of 600 MB', async () => {
  const program = `
u4 = lambda n: n.to_bytes(4, 'little')
for bomb in [${BOMBS.map(([, bomb]) => bomb).join(', ')}]: print(bomb.hex())`;
  const printed = execFileSync('python3', ['-c', program], { maxBuffer: 1 << 28 }).toString();
  const input = printed
    .trim()
    .split('\n')
    .map((hex, index) => {
      const payload = quoteBytes(Buffer.from(hex, 'hex'));
      return `${1_790_000_000 + index}.000000 [0 127.0.0.1:5000] "PUBLISH" "socketio" ${payload}\n`;
    })
    .join('');
  const env = { NODE_OPTIONS: '--max-old-space-size=600' };
  for (const args of [['decode'], ['decode', '--json'], ['explain'], ['explain', '--json']]) {
    const { code, signal, stdout, stderr } = await runCli(args, { input, env });
    assert.deepEqual([code, signal], [1, null], `${args.join(' ')}: ${stderr.slice(-500)}`);
    assert.match(stderr, new RegExp(`${BOMBS.length} of ${BOMBS.length} not understood`));
    if (!args.includes('--json')) continue;
    const records = stdout
      .trimEnd()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { readonly kind?: string; readonly error?: { readonly code: string } },
      )
      .filter(({ kind }) => kind !== undefined);
    assert.deepEqual(
      records.map(({ error }) => error?.code),
      BOMBS.map(([why]) => why),
    );
  }
});

const LEADS = [
  ['nil', 0xc0],
  ['empty map', 0x80],
  ['number', 0x01],
  ['undefined of msgpack-js', 0xc4],
] as const;

function arrayHeader(count: number): Uint8Array {
  const header = Buffer.alloc(5, 0xdd);
  header.writeUInt32BE(count, 1);
  return header;
}

/** Decodes in a process of its own: what became of it, and by how much its memory grew. */
async function decodeApart(payload: Uint8Array): Promise<{ kind: string; grownBytes: number }> {
  const script = `
    import { Inspector } from './src/session/inspector.ts';
    const chunks = []; for await (const chunk of process.stdin) chunks.push(chunk);
    const frame = { via: 'text', channel: Buffer.from('socket.io#/#'), payload: Buffer.concat(chunks) };
    const before = process.resourceUsage().maxRSS;
    const { message } = new Inspector().observe({ is: 'frame', frame });
    console.log(JSON.stringify({ kind: message.kind, grownBytes: (process.resourceUsage().maxRSS - before) * 1024 }));
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(payload);
  let out = '';
  for await (const chunk of child.stdout) out += String(chunk);
  return JSON.parse(out) as { kind: string; grownBytes: number };
}

void test('every payload file of the fixtures is read without a crash', () => {
  const folders = readdirSync('fixtures', { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.startsWith('input.'),
  );
  assert.ok(folders.length > 0);
  for (const { parentPath, name } of folders) {
    const bytes = readFileSync(join(parentPath, name));
    assert.doesNotThrow(() => decodePayload(bytes, CHANNEL));
  }
});
