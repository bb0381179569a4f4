import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeExplanation } from '../../src/render/explain.ts';
import { textWidth } from '../../src/render/text-width.ts';
import { createTheme } from '../../src/render/theme.ts';
import { BLOG_LINE, type Explained, explain, explainFixtures } from '../explain/explained.ts';

interface Options {
  readonly columns?: number;
  readonly full?: boolean;
  readonly colour?: 0 | 1;
}

function show({ frame, message, explanation }: Explained, options: Options = {}): string {
  const { columns = 80, full = false, colour = 0 } = options;
  return writeExplanation(frame, message, explanation, { theme: createTheme(colour), columns, full });
}

function lineAt(text: string, offset: number): string {
  return text.split('\n').find((line) => line.startsWith(`${String(offset).padStart(4)}  `)) ?? '';
}

/** One column each; without them most lines are ASCII, which is measured at once. */
const DRAWN = /[│├└·…≤≥]/g;

/** What a row shows when nothing wraps. */
const WIDE = 140;

describe('writeExplanation', () => {
  test('shows offset, bytes, tree, value and note of each row', () => {
    const text = show(explain(BLOG_LINE, 'socket.io#/#'), { columns: WIDE });
    assert.match(
      text,
      /^socket\.io#\/# {2}· {2}108 B {2}· {2}broadcast of the classic adapter {2}· {2}msgpack as msgpack-js wrote it/,
    );
    assert.match(lineAt(text, 0), /^ {3}0 {2}93 +array of 3 +the envelope: \[uid, packet, opts\]$/);
    assert.match(
      lineAt(text, 1),
      /a6 36 6e 30 42 57 43 +├ "6n0BWC" +uid: the server that sent it; it will ignore its own copy$/,
    );
    assert.match(lineAt(text, 9), /a4 74 79 70 65 +│ ├ type: +type of packet$/);
    assert.match(lineAt(text, 14), /02 +│ │ 2 +EVENT: /);
    assert.match(lineAt(text, 90), /└ flags: /);
    assert.match(
      text,
      /\nIn short: Server 6n0BWC sends the event "chat message" with one argument to everyone/,
    );
  });

  test('fits every line of every sort of message into 80 and into 120 columns', async () => {
    const seen = new Set<string>();
    for await (const explained of explainFixtures()) {
      const { adapter, encoding, kind, type, event } = explained.message;
      const sort = [adapter, encoding, kind, type, event].join();
      if (seen.has(sort)) continue;
      seen.add(sort);
      for (const columns of [80, 120]) {
        const wide = show(explained, { columns })
          .split('\n')
          .find((line) => textWidth(line.replaceAll(DRAWN, '-')) > columns);
        assert.equal(wide, undefined, explained.file);
      }
    }
  });

  test('lets nothing from a payload reach the terminal unescaped', () => {
    const evil = '\u001b[31m\u0007\u202e\u009b2J\n';
    for (const payload of [
      Buffer.from(JSON.stringify({ uid: evil, type: 1, [evil]: evil, opts: { rooms: [evil] } })),
      Buffer.from(`{"uid":"${evil}`),
      Buffer.concat([
        Buffer.from([0x93, 0xa0 + Buffer.byteLength(evil)]),
        Buffer.from(evil),
        BLOG_LINE.subarray(8),
      ]),
    ]) {
      for (const full of [false, true]) {
        const text = show(explain(payload, `socket.io-request#${evil}#`), { full });
        assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      }
    }
  });

  test('cuts long bytes and values, and says how many bytes are not shown', () => {
    const body = { uid: 'abcdef', type: 6, data: ['event', 'x'.repeat(500)] };
    const explained = explain(Buffer.from(JSON.stringify(body)), 'socket.io-request#/#');
    assert.match(show(explained), /… \+4\d\d B/);
    assert.ok(show(explained).split('\n').length < 40);
    const full = show(explained, { full: true }).replaceAll(/[^x]/g, '');
    assert.ok(full.length >= 1000, 'all characters, on both sides');
  });

  test('cuts thousands of rows, and shows them all when asked', () => {
    const list = Array.from({ length: 3000 }, (_, index) => index);
    const body = Buffer.from(JSON.stringify({ uid: 'abcdef', type: 6, data: ['event', list] }));
    const explained = explain(body, 'socket.io-request#/#');
    assert.ok(/… \d+ more rows; --full shows them/.test(show(explained)));
    assert.ok(/└ 2999\n/.test(show(explained, { full: true })));
  });

  test('shows no more than the beginning of what proves who a client is', () => {
    const token = 'abcdefghijklmnopqrstuvwxyz';
    const sockets = [{ id: 'a', handshake: { auth: { token }, headers: { cookie: `sid=${token}` } } }];
    const body = Buffer.from(JSON.stringify({ requestId: 'YjT7ul', sockets }));
    const text = show(explain(body, 'socket.io-response#/#'), { full: true, columns: WIDE });
    assert.match(text, /token: "abcd…"/);
    assert.doesNotMatch(text, /abcde|sid=a/);
  });

  test('hides the private id of a session in its key, in the base64 and in the rows', () => {
    const base64 =
      'hKNzaWS0ekFhMWxyT0ZYVVRTakp1ckFBQUGjcGlktFlpSUZCNjdEeUdyN1Y1a3FBQUFCpXJvb21zkrR6QWExbHJPRlhVVFNqSnVyQUFBQadyb29tIMOppGRhdGGBoW4B';
    const explained = explain(Buffer.from(base64), 'sio:session:YiIFB67DyGr7V5kqAAAB', { command: 'SET' });
    const text = show(explained, { full: true });
    assert.match(text, /^sio:session:YiIF… /);
    assert.doesNotMatch(text, /YiIFB|ZGlrO|59 69 49 46 42|WWlJRkI2/);
  });

  test('marks where a payload breaks', () => {
    const text = show(explain(BLOG_LINE.subarray(0, 40), 'socket.io#/#'));
    assert.match(lineAt(text, 34), /✗ breaks here +12 bytes should follow/);
    assert.match(text, /\ntried: broadcast/);
  });

  test('colours by role, and says the same without colour', () => {
    const explained = explain(BLOG_LINE, 'socket.io#/#');
    const coloured = show(explained, { colour: 1 });
    const escapes = /\u001b\[\d+m/g;
    assert.match(coloured, escapes);
    assert.equal(
      coloured.replaceAll(escapes, '').replaceAll(/ +$/gm, ''),
      show(explained).replaceAll(/ +$/gm, ''),
    );
  });
});
