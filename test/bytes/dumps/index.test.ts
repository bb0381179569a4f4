import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type PastedDump, readDump } from '../../../src/bytes/dumps/index.ts';

/** The line of issue 2, captured in 2017: msgpack-js, where c4 is undefined. */
const LINE = Buffer.from(
  '93a6366e3042574383a47479706502a46461746192ac63686174206d657373616765ac48656c6c6f2066726f6d2041' +
    'a36e7370a12f83a665786365707491b453314835704a636d384b756e356c4f6f41414141a5726f6f6d73c4a5666c6167' +
    '7381a962726f616463617374c3',
  'hex',
);

/** Messages that lay the traps: odd length, runs of one byte, spaces at row ends, hex-looking and framing text. */
const MESSAGES: Readonly<Record<string, Buffer>> = {
  line: LINE,
  squeezed: message(Buffer.concat([Buffer.alloc(200), Buffer.from('z'), Buffer.alloc(100, 0xff)])),
  spaces: message(Buffer.alloc(97, ' ')),
  odd: message(Buffer.from('odd')),
  small: Buffer.from('92a16101', 'hex'),
  hexlooking: message(Buffer.from('dead  beef  00000010: 6162 6364  |cafe|  >ab<  ba be 12 34 * 0000020 ff')),
  digits: message(Buffer.from('1 2 3 4 5 6 7 8 9 0 123 377 \\0 \\n \\x41')),
  every: message(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))),
};

const directory = mkdtempSync(join(tmpdir(), 'sio-inspect-dumps-'));
after(() => {
  rmSync(directory, { recursive: true });
});

/** `["x", bin]` as msgpack: whole, whatever the bytes are. */
function message(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0x92, 0xa1, 0x78, 0xc5, bytes.length >> 8, bytes.length & 0xff]),
    bytes,
  ]);
}

function dumpOf(bytes: Buffer, command: string): Buffer {
  const file = join(directory, 'payload.bin');
  writeFileSync(file, bytes);
  return execFileSync('sh', ['-c', command.replaceAll('FILE', 'payload.bin')], { cwd: directory });
}

function hexOf(dump: PastedDump): string[] {
  assert.equal(dump.is, 'messages', JSON.stringify(dump));
  return dump.messages.map((found) => Buffer.from(found.bytes).toString('hex'));
}

const read = (text: string | Buffer): string[] => hexOf(readDump(Buffer.from(text)));

const TOOLS = [
  'xxd FILE',
  'xxd -u FILE',
  'xxd -c 8 FILE',
  'xxd -c 5 -g 1 FILE',
  'xxd -g 4 FILE',
  'xxd -g 0 FILE',
  'xxd -e FILE',
  'xxd -e -g 2 FILE',
  'xxd -b FILE',
  'xxd -a FILE',
  'xxd -p FILE',
  'xxd -p -c 0 FILE',
  'xxd -i FILE',
  'xxd -i < FILE',
  'hexdump -C FILE',
  'hexdump -Cv FILE',
  'hexdump FILE',
  'hexdump -x FILE',
  'hexdump -o FILE',
  'hexdump -b FILE',
  'hexdump -c FILE',
  'od FILE',
  'od -v FILE',
  'od -c FILE',
  'od -b FILE',
  'od -x FILE',
  'od -t x1 FILE',
  'od -t x1z FILE',
  'od -t x4 FILE',
  'od -A x -t x1 FILE',
  'od -A d -t x1z FILE',
  'od -A n -v -t x1 FILE',
  'od -t u1 FILE',
  'od -t d1 FILE',
  'od -A d -c FILE',
  'base64 FILE',
  'base64 -w 64 FILE',
  'base64 -w 0 FILE',
  'cat FILE',
];

describe('readDump reads what tools print', () => {
  for (const tool of TOOLS) {
    it(tool, () => {
      for (const [name, bytes] of Object.entries(MESSAGES)) {
        const dump = dumpOf(bytes, tool);
        assert.deepEqual(read(dump), [bytes.toString('hex')], `${name}:\n${dump.toString('latin1')}`);
      }
    });
  }

  it('and says which unit it saw, whatever the length of the last row', () => {
    for (const [tool, unit] of [
      ['hexdump -C FILE', 'hex bytes'],
      ['od -A x -t x1z FILE', 'hex bytes'],
      ['xxd FILE', 'hex bytes'],
      ['xxd -e FILE', 'little-endian hex words'],
      ['hexdump FILE', 'little-endian hex words'],
      ['od FILE', 'little-endian octal words'],
      ['od -t u1 FILE', 'decimal bytes'],
      ['od -c FILE', 'characters'],
    ] as const) {
      for (const length of [1, 7, 20, 30, 50]) {
        const bytes = message(Buffer.alloc(length, 'a\x93Z'));
        const dump = readDump(dumpOf(bytes, tool));
        assert.deepEqual(
          dump.is === 'messages' ? dump.notes[0] : dump,
          `read as a dump of ${unit}`,
          `${tool} ${length}`,
        );
      }
    }
  });

  it('dumps of bytes that are no message, as their tool printed them', () => {
    const bytes = Buffer.from(Array.from({ length: 77 }, (_, index) => (index * 37 + 11) & 0xff));
    for (const tool of TOOLS.filter((name) => !/^(cat|base64|xxd -i <)/.test(name))) {
      assert.deepEqual(read(dumpOf(bytes, tool)), [bytes.toString('hex')], tool);
    }
  });

  it('od -c whose lines lost the spaces at their ends', () => {
    const bytes = MESSAGES.spaces ?? LINE;
    const trimmed = dumpOf(bytes, 'od -v -c FILE')
      .toString()
      .replaceAll(/^(\S+.{4}.*?) +$/gm, '$1');
    assert.deepEqual(read(trimmed), [bytes.toString('hex')]);
  });

  it('python3 repr, alone and in a list', () => {
    for (const bytes of Object.values(MESSAGES)) {
      assert.deepEqual(read(dumpOf(bytes, `python3 -c "print(open('FILE','rb').read())"`)), [
        bytes.toString('hex'),
      ]);
      const list = dumpOf(bytes, `python3 -c "b=open('FILE','rb').read();print([b, b])"`);
      assert.deepEqual(read(list), [bytes.toString('hex'), bytes.toString('hex')]);
      assert.deepEqual(read(dumpOf(bytes, `python3 -c "print(list(open('FILE','rb').read()))"`)), [
        bytes.toString('hex'),
      ]);
    }
  });

  it('python3 repr of a bytearray', () => {
    assert.deepEqual(read(dumpOf(LINE, `python3 -c "print(bytearray(open('FILE','rb').read()))"`)), [
      LINE.toString('hex'),
    ]);
  });

  it("redis-py's message, with its channel", () => {
    const dump = readDump(
      Buffer.from(
        String.raw`{'type': 'pmessage', 'pattern': b'socket.io*', 'channel': b'socket.io#/#', 'data': b'\x92\xa1a\x01'}`,
      ),
    );
    assert.deepEqual(hexOf(dump), ['92a16101']);
    const channel = dump.is === 'messages' ? dump.messages[0]?.channel : undefined;
    assert.equal(Buffer.from(channel ?? []).toString(), 'socket.io#/#');
  });

  it("Node's Buffer: inspected while short, as JSON, and as Uint8Array", () => {
    for (const bytes of Object.values(MESSAGES)) {
      assert.deepEqual(read(JSON.stringify(bytes)), [bytes.toString('hex')]);
      assert.deepEqual(read(JSON.stringify(bytes, null, 2)), [bytes.toString('hex')]);
    }
    const short = MESSAGES.odd ?? LINE;
    assert.deepEqual(read(inspect(short)), [short.toString('hex')]);
    assert.deepEqual(read(`got ${inspect({ payload: short })}`), [short.toString('hex')]);
    assert.deepEqual(read(inspect(new Uint8Array(short))), [short.toString('hex')]);
  });
});

describe('readDump reads what people write', () => {
  const hex = LINE.toString('hex');
  const pairs = hex.match(/../g) ?? [];

  it('hex in any spacing and case', () => {
    for (const text of [
      hex,
      hex.toUpperCase(),
      pairs.join(' '),
      pairs.join(':'),
      pairs.join('-'),
      pairs.map((pair) => `0x${pair}`).join(', '),
      `0x${hex}`,
      pairs.map((pair) => `\\x${pair}`).join(''),
      pairs.join(' ').replaceAll(/(.{48})/g, '$1\n'),
      `${hex.slice(0, 31)}\n${hex.slice(31)}\n`,
      `\n  ${hex}\r\n`,
    ]) {
      assert.deepEqual(read(text), [hex], text);
    }
  });

  it('one hex message a line, and messages parted by empty lines', () => {
    assert.deepEqual(read(`${hex}\n92a16101\n${hex}\n`), [hex, '92a16101', hex]);
    assert.deepEqual(read('92a16101\n92a16102\n'), ['92a16101', '92a16102']);
    assert.deepEqual(read(`${hex.slice(0, 60)}\n${hex.slice(60)}\n\n92a1\n6101\n`), [hex, '92a16101']);
  });

  it('joins lines of one width that do not decode alone, and says so', () => {
    const dump = readDump(Buffer.from('93a6366e\n3042ffff\nc1'));
    assert.deepEqual(hexOf(dump), ['93a6366e3042ffffc1']);
    assert.match(dump.is === 'messages' ? dump.notes.join() : '', /joined the lines/);
  });

  it('base64 in both alphabets, unpadded and one message a line', () => {
    const tricky = message(Buffer.from('fbffbffbefbe', 'hex'));
    assert.deepEqual(read(tricky.toString('base64')), [tricky.toString('hex')]);
    assert.deepEqual(read(tricky.toString('base64url')), [tricky.toString('hex')]);
    const lines = `${LINE.toString('base64')}\n${tricky.toString('base64')}\n`;
    assert.deepEqual(read(lines), [hex, tricky.toString('hex')]);
  });

  it('prefers hex where the text is valid base64 too', () => {
    const dump = readDump(Buffer.from('deadbeef'));
    assert.deepEqual(hexOf(dump), ['deadbeef']);
    assert.equal(dump.is === 'messages' ? dump.form : '', 'hex');
    assert.match(dump.is === 'messages' ? dump.notes.join() : '', /took it for hex/);
  });

  it('escaped strings of Redis, JSON, JavaScript and C', () => {
    for (const text of [
      String.raw`"\x92\xa1a\x01"`,
      String.raw`'\x92\xa1a\x01'`,
      String.raw`\x92\xa1\x61\x01`,
      String.raw`\x92\xa1a\x01`,
      String.raw`"\u0092\u00a1a\u0001"`,
      '"\\u0092\xa1a\\u0001"',
      String.raw`$'\222\241a\001'`,
      String.raw`"\222\241a\001";`,
    ]) {
      assert.deepEqual(read(text), ['92a16101'], text);
    }
    assert.deepEqual(read(JSON.stringify('["é",1]')), [Buffer.from('["é",1]').toString('hex')]);
  });

  it('strings between typographic quotes, and says so', () => {
    const dump = readDump(Buffer.from(String.raw`“\x92\xa1a\x01”`));
    assert.deepEqual(hexOf(dump), ['92a16101']);
    assert.match(dump.is === 'messages' ? dump.notes.join() : '', /quotes/);
  });

  it('JSON payloads as they are, one or one a line, without their line ends', () => {
    const json = '{"uid":"ab","type":3,"data":{"a":"<Buffer 00 ... 5 more bytes>"}}';
    assert.deepEqual(read(` ${json}\n`), [Buffer.from(json).toString('hex')]);
    assert.deepEqual(
      read(`${json}\n["x",1]\n`),
      [json, '["x",1]'].map((text) => Buffer.from(text).toString('hex')),
    );
  });

  it('a pickle, as it is and in base64', () => {
    const pickle = Buffer.from('80059508000000000000007d948c0161944b01732e', 'hex');
    assert.deepEqual(read(pickle), [pickle.toString('hex')]);
    assert.deepEqual(read(pickle.toString('base64')), [pickle.toString('hex')]);
  });

  it('bytes that became characters and then UTF-8', () => {
    assert.deepEqual(read(Buffer.from(LINE.toString('latin1'), 'utf8')), [hex]);
  });

  it('several dumps in one paste', () => {
    const one = dumpOf(LINE, 'xxd FILE').toString();
    const two = dumpOf(MESSAGES.odd ?? LINE, 'hexdump -C FILE').toString();
    assert.deepEqual(read(`$ xxd a\n${one}$ xxd b\n${one}`), [hex, hex]);
    assert.deepEqual(read(two + two), [MESSAGES.odd?.toString('hex'), MESSAGES.odd?.toString('hex')]);
  });
});

describe('readDump refuses what has lost bytes', () => {
  const lost = (text: string): string => {
    const dump = readDump(Buffer.from(text));
    assert.equal(dump.is, 'lost', JSON.stringify(dump));
    return dump.message;
  };

  it('a Buffer that Node cut', () => {
    assert.match(lost(inspect(LINE)), /first 50 bytes.*58 more.*toString\('hex'\)/);
    assert.match(lost(inspect(new Uint8Array(LINE))), /first 100 items.*8 more/);
  });

  it('hex in which a digit was lost or mistyped, instead of taking it for base64', () => {
    const hex = LINE.toString('hex');
    for (const text of [hex, hex.toUpperCase(), `0x${hex}`]) {
      assert.match(lost(text.slice(0, -1)), /215 digits: one is missing or too many/);
    }
    assert.match(lost(`${hex.slice(0, 20)}g${hex.slice(21)}`), /"g" \(character 21\) is no hex digit/);
  });

  it('an argument that SLOWLOG cut', () => {
    assert.match(lost(String.raw`"\x93\xa66n... (172 more bytes)"`), /172 more bytes.*monitor/);
  });

  it('a dump without one of its lines, or with an endless repetition', () => {
    const rows = dumpOf(LINE, 'xxd FILE').toString().split('\n');
    assert.match(lost(rows.filter((_, index) => index !== 3).join('\n')), /missing after offset 00000020/);
    const squeezed = dumpOf(MESSAGES.squeezed ?? LINE, 'hexdump -C FILE').toString();
    assert.match(lost(squeezed.slice(0, squeezed.indexOf('*') + 2)), /ends with \*/);
  });
});

describe('readDump', () => {
  it('does not take words for bytes', () => {
    for (const text of [
      'hello world',
      'undefined',
      'Error: connect ECONNREFUSED 127.0.0.1:6379',
      '',
      '\n\n',
    ]) {
      assert.equal(readDump(Buffer.from(text)).is, 'unknown', text);
    }
  });

  it('never throws, and expands no dump beyond its bounds', () => {
    const piece = fc.constantFrom(
      ' ',
      '\n',
      '*',
      '"',
      "'",
      'b',
      '\\',
      '\\x',
      '0',
      '00',
      '0000',
      '93',
      'ff',
      'ffffffff',
      ': ',
      '|',
      '<Buffer',
      '>',
      '{',
      '[',
      ']',
      ',',
      '=',
    );
    const text = fc.array(piece).map((pieces) => Buffer.from(pieces.join('')));
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          const dump = readDump(bytes);
          if (dump.is !== 'messages') return;
          const total = dump.messages.reduce((sum, found) => sum + found.bytes.length, 0);
          assert.ok(total <= 65_536 + 100 * bytes.length);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
