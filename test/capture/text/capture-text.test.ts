import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quoteBytes } from '../../../src/bytes/sds-repr.ts';
import { captureText, captureTextSync } from '../../../src/capture/text/capture-text.ts';
import type { TextOptions } from '../../../src/capture/text/text-context.ts';
import type { Captured } from '../../../src/model/frame.ts';

/** The line of issue 2, captured in 2017. */
const WORDS = String.raw`"publish" "socket.io#/#" "\x93\xa66n0BWC\x83\xa4type\x02\xa4data\x92\xacchat message\xacHello from A\xa3nsp\xa1/\x83\xa6except\x91\xb4S1H5pJcm8Kun5lOoAAAA\xa5rooms\xc4\xa5flags\x81\xa9broadcast\xc3"`;
const HEX =
  '93a6366e3042574383a47479706502a46461746192ac63686174206d657373616765ac48656c6c6f2066726f6d2041' +
  'a36e7370a12f83a665786365707491b453314835704a636d384b756e356c4f6f41414141a5726f6f6d73c4a5666c6167' +
  '7381a962726f616463617374c3';

/** Everything that was captured, in words that can be compared. */
function tell(captured: readonly Captured[]): string[] {
  return captured.map((item) => {
    if (item.is === 'other') return `other ${item.command}`;
    if (item.is === 'look') return 'look';
    if (item.is === 'gap') return 'gap';
    if (item.is === 'unframed')
      return `${item.unframed.code} ${Buffer.from(item.unframed.raw).toString('latin1')}`;
    const { via, command = '-', channel, channels, payload, time, client, db, entry } = item.frame;
    const shown = [channel, ...(channels ?? [])].map((name) =>
      name ? Buffer.from(name).toString('latin1') : '-',
    );
    const ids = entry === undefined ? [] : [`${entry.id ?? '*'}:${entry.fields.length}`];
    const origin = [time, client, db].filter((value) => value !== undefined);
    const hex = payload === undefined ? '-' : Buffer.from(payload).toString('hex');
    return [via, command, ...shown, hex, ...ids, ...origin].join(' ');
  });
}

function read(text: string | Uint8Array, options: TextOptions = {}): string[] {
  return tell(captureTextSync(typeof text === 'string' ? Buffer.from(text) : text, options));
}

function notesOf(text: string): string {
  const notes: string[] = [];
  captureTextSync(Buffer.from(text), { onNote: (note) => notes.push(note) });
  return notes.join('\n');
}

describe('captureText reads MONITOR text', () => {
  it('with every form of source, and both first lines', () => {
    const text = [
      'OK',
      String.raw`1700000000.000001 [0 127.0.0.1:50550] "publish" "c" "\x93\n"`,
      '+1700000000.000002 [3 [::1]:41914] "PUBLISH" "c" "a b"\r',
      '1700000000.000003 [0 unix:/tmp/a b].sock] "SPUBLISH" "c" ""',
      '1700000000.000004 [0 lua] "PUBLISH" "" "x"',
      '1700000000.000005 [0 127.0.0.1:1] "PSUBSCRIBE" "socket.io#/#*" "x"',
      '1700000000.000006 [0 127.0.0.1:1] "GET" "publish"',
      '1700000000.000007 [0 127.0.0.1:1] "XADD" "s" "MAXLEN" "~" "100" "*" "uid" "u" "data" "{}"',
    ].join('\n');
    assert.deepEqual(read(text), [
      'monitor PUBLISH c 930a 1700000000000001 127.0.0.1:50550 0',
      'monitor PUBLISH c 612062 1700000000000002 [::1]:41914 3',
      'monitor SPUBLISH c  1700000000000003 unix:/tmp/a b].sock 0',
      'monitor PUBLISH  78 1700000000000004 lua 0',
      'monitor PSUBSCRIBE - socket.io#/#* x - 1700000000000005 127.0.0.1:1 0',
      'other GET',
      'monitor XADD s 7b7d *:2 1700000000000007 127.0.0.1:1 0',
    ]);
  });

  it('and does not take the text of an argument for a line of its own', () => {
    const inner = quoteBytes(Buffer.from('x" "y\n1700000000.000009 [0 lua] "publish" "c" "p"'));
    assert.equal(read(`1700000000.000001 [0 127.0.0.1:1] "publish" "c" ${inner}\n`).length, 1);
  });

  it('inside other text, where no quote stands before it', () => {
    const line = '1700000000.000001 [0 127.0.0.1:1] "publish" "c" "p"';
    assert.deepEqual(read(`redis-1  | ${line}\n> ${line}\n`), [
      'monitor PUBLISH c 70 1700000000000001 127.0.0.1:1 0',
      'monitor PUBLISH c 70 1700000000000001 127.0.0.1:1 0',
    ]);
    assert.match(notesOf(`redis-1  | ${line}\n`), /before MONITOR lines/);
    assert.match(read(`${line}\n{"log": "${line}"}`)[1] ?? '', /^unframed \{"log"/);
  });

  it('with what terminals put around it', () => {
    const line = '1700000000.000001 [0 127.0.0.1:1] "publish" "c" "p"\r\n';
    const text = `Script started on 2026-11-22\r\n$ redis-cli monitor\r\nOK\r\n${line}^C\r\nScript done on x\r\n127.0.0.1:6379> monitor\r\nOK\r\n${line}`;
    assert.equal(read(text).length, 2);
  });

  it('between typographic quotes, and says so', () => {
    const text = '1700000000.000001 [0 127.0.0.1:1] “publish” “c” “p”\n“publish” “c” “p”';
    assert.deepEqual(read(text), [
      'monitor PUBLISH c 70 1700000000000001 127.0.0.1:1 0',
      'text PUBLISH c 70',
    ]);
    assert.match(notesOf(text), /typographic quotes/);
  });

  it('in UTF-16, as PowerShell redirects it', () => {
    const text = Buffer.from('\ufeffOK\r\n1700000000.000001 [0 lua] "publish" "c" "\\x93"\r\n', 'utf16le');
    assert.deepEqual(read(text), ['monitor PUBLISH c 93 1700000000000001 lua 0']);
  });

  it('and reports each line that cannot be framed, with its bytes', () => {
    const good = '1700000000.000001 [0 lua] "publish" "c" "p"';
    for (const bad of [
      '1700000000.000001 [0 lua] "publish" "c" "p',
      '1700000000.0001 [0 lua] "get"',
      'words',
      `${good} x`,
    ]) {
      assert.deepEqual(read(`${good}\n${bad}\n${good}\n`).slice(1, 2), [`unframed ${bad}`]);
    }
  });

  it('keeping escapes that Redis does not write, with a note', () => {
    const line = String.raw`1700000000.000001 [0 lua] "publish" "c" "it\'s\q"`;
    assert.deepEqual(read(line), [
      `monitor PUBLISH c ${Buffer.from("it's\\q").toString('hex')} 1700000000000001 lua 0`,
    ]);
    assert.match(notesOf(line), /escapes/);
  });
});

describe('captureText reads pasted forms', () => {
  it("the issue's line as MONITOR text, as bare words and as hex dump", () => {
    const bare = `text PUBLISH socket.io#/# ${HEX}`;
    assert.deepEqual(read(WORDS), [bare]);
    assert.deepEqual(read(`    ${WORDS}\n`.trimStart()), [bare]);
    assert.deepEqual(read(`1500000000.000001 [0 127.0.0.1:1] ${WORDS}\n`), [
      `monitor PUBLISH socket.io#/# ${HEX} 1500000000000001 127.0.0.1:1 0`,
    ]);
    assert.deepEqual(read(HEX, { channel: 'socket.io#/#' }), [`text - socket.io#/# ${HEX}`]);
  });

  it('gives the named channel only to frames that have none', () => {
    const options = { channel: 'é#/#' };
    assert.equal(captureTextSync(Buffer.from('92a16101'), options)[0]?.is, 'frame');
    assert.deepEqual(read('92a16101', options), ['text - \xc3\xa9#/# 92a16101']);
    assert.deepEqual(read('"publish" "c" "p"', options), ['text PUBLISH c 70']);
    assert.deepEqual(read('"subscribe" "c"', options), ['text SUBSCRIBE - c -']);
  });

  it('says what it took a paste for', () => {
    assert.match(notesOf(Buffer.from('92a16101', 'hex').toString('base64')), /read as base64/);
  });

  it('whole commands and deliveries as they travel, in hex or raw', () => {
    const command = '*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$4\r\n\x92\xa1a\x01\r\n';
    const delivery = '>4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$4\r\n\x92\xa1a\x01\r\n';
    const all = Buffer.from(`${command}*1\r\n$4\r\nPING\r\n:1\r\n${delivery}`, 'latin1');
    const expected = [
      'text PUBLISH c 92a16101',
      'other PING',
      'other (REPLY)',
      'subscribe PMESSAGE c 92a16101',
    ];
    assert.deepEqual(read(all), expected);
    assert.deepEqual(read(all.toString('hex')), expected);
    const subscribe = '*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n';
    assert.deepEqual(read(subscribe), ['text SUBSCRIBE - c -', 'other SUBSCRIBE']);
  });

  it('a command that is cut off: what is whole, and the rest as unframed', () => {
    const command = '*2\r\n$3\r\nGET\r\n$1\r\nc\r\n';
    assert.deepEqual(read(`${command}*3\r\n$7\r\nPUBL`), ['other GET', 'unframed *3\r\n$7\r\nPUBL']);
  });

  it('refuses text in which bytes became U+FFFD', () => {
    const destroyed = Buffer.from(HEX, 'hex').toString('utf8');
    const [captured] = captureTextSync(Buffer.from(destroyed));
    assert.equal(captured?.is, 'unframed');
    assert.equal(captured.unframed.code, 'lost-bytes');
    assert.match(captured.unframed.message, /ef bf bd.*redis-cli --no-raw psubscribe/s);
    assert.equal(captured.unframed.offset, 0);
    assert.match(read(Buffer.from(destroyed).toString('hex'))[0] ?? '', /^lost-bytes/);
    assert.match(read(quoteBytes(Buffer.from(destroyed)))[0] ?? '', /^lost-bytes/);
  });

  it('keeps a U+FFFD that was published, in a payload that decodes', () => {
    assert.deepEqual(read('92a3efbfbd01'), ['text - - 92a3efbfbd01']);
  });

  it('refuses what is cut, with its bytes', () => {
    assert.deepEqual(read('<Buffer 93 a6 ... 58 more bytes>'), [
      'lost-bytes <Buffer 93 a6 ... 58 more bytes>',
    ]);
  });

  it('says that it does not know a form, and nothing of an empty text', () => {
    assert.deepEqual(read('hello world'), ['unframed hello world']);
    assert.deepEqual(read(''), []);
    assert.deepEqual(read(' \r\n\n'), []);
  });

  it('takes broken bytes as a payload, for the dissectors to judge', () => {
    const cut = Buffer.from(HEX, 'hex').subarray(0, 40);
    assert.deepEqual(read(cut), [`text - - ${cut.toString('hex')}`]);
    assert.deepEqual(read('{"uid":"x","type":'), [
      `text - - ${Buffer.from('{"uid":"x","type":').toString('hex')}`,
    ]);
  });

  it('refuses a paste of more than 64 MB that is no lines', () => {
    const chunk = Buffer.alloc(1024 * 1024, '00 ');
    const chunks = Array.from({ length: 66 }, () => chunk);
    return assert.rejects(async () => {
      for await (const batch of captureText(chunks)) assert.fail(JSON.stringify(batch));
    }, /RangeError: .*64 MB.*redis-cli monitor/s);
  });
});

describe('captureText streams', () => {
  const texts = [
    `OK\n1700000000.000001 [0 127.0.0.1:1] ${WORDS}\r\n1700000000.000002 [0 127.0.0.1:1] "get" "a"\nwords\n1700000000.000003 [0 lua] "publish" "c" "p"`,
    '1) "pmessage"\n2) "*"\n3) "c"\n4) "\\x93"\n1) "message"\n2) "c"\n3) "p"\n',
    `message\nc\n${Buffer.from(HEX, 'hex').toString('latin1')}\nmessage\nc\n{"a":\n1}\n`,
    '"message","c","p"\n["message","c","p\x93"]\n',
    '\ufeff"publish" "c" "\\x93"\r\n',
    `${HEX}\n${HEX}\n`,
  ];

  async function readIn(chunks: readonly Uint8Array[]): Promise<string[]> {
    const found: Captured[] = [];
    for await (const batch of captureText(chunks)) {
      assert.ok(batch.length > 0);
      found.push(...batch);
    }
    return tell(found);
  }

  it('one byte after the other as in one piece', async () => {
    for (const text of texts) {
      for (const encoding of ['latin1', 'utf16le'] as const) {
        const bytes = Buffer.from(encoding === 'utf16le' ? `\ufeff${text}` : text, encoding);
        const bytewise = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
        assert.deepEqual(await readIn(bytewise), read(bytes));
      }
    }
  });

  it('in random pieces as in one, also beyond what is looked at first', async () => {
    const line = `1700000000.000001 [0 127.0.0.1:1] ${WORDS}\n`;
    const bytes = Buffer.from(line.repeat(600));
    const whole = read(bytes);
    assert.equal(whole.length, 600);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 20 }),
        async (cuts) => {
          const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
          const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
          assert.deepEqual(await readIn(pieces), whole);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('an argument of 20 MB in linear time', async () => {
    const payload = Buffer.alloc(8_000_000, '\x93a"\xff');
    const line = Buffer.from(`1700000000.000001 [0 127.0.0.1:1] "publish" "c" ${quoteBytes(payload)}\n`);
    assert.ok(line.length > 20_000_000);
    const pieces: Buffer[] = [];
    for (let at = 0; at < line.length; at += 65_536) pieces.push(line.subarray(at, at + 65_536));
    const started = performance.now();
    const found: Captured[] = [];
    for await (const batch of captureText(pieces)) found.push(...batch);
    assert.ok(performance.now() - started < 3000);
    assert.ok(found[0]?.is === 'frame' && payload.equals(found[0].frame.payload ?? new Uint8Array()));
  });

  it('random bytes and broken text to something that accounts for them, and never throws', () => {
    const piece = fc.constantFrom(
      '1700000000.000001 [0 lua] ',
      '"publish" "c" "p"',
      '"',
      ' ',
      '\n',
      '\r\n',
      '1) ',
      '   2) ',
      '(integer) 1',
      'pmessage\n',
      'message\nc\n',
      '["message","c","',
      ']',
      '\\x93',
      '\\\\',
      '\x93',
      '93a6',
      ',',
      '“',
      '*3\r\n$7\r\n',
      '<Buffer 00>',
      '\xef\xbf\xbd',
    );
    const text = fc.array(piece).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
    const bytes = fc.uint8Array().map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.oneof(text, bytes), (input) => {
        const found = captureTextSync(input);
        const meant = input.toString('latin1').replaceAll(/\b(OK|PONG)\b|[\s^C+]/g, '');
        if (meant.length > 12 && /[^\d>]/.test(meant)) assert.ok(found.length > 0, input.toString('latin1'));
      }),
      { numRuns: 5000 },
    );
  });
});
