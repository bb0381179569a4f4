import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BLOG_LINE, explain, explainFixtures, findHole, rowsOf } from './explained.ts';

const BASE64 = 'gqZwYWNrZXSCpHR5cGUCpGRhdGGSpmJpbmFyecQGAAoNIlz/pG9wdHODpXJvb21zkKZleGNlcHSQpWZsYWdzgA==';
const SESSION =
  'hKNzaWS0ekFhMWxyT0ZYVVRTakp1ckFBQUGjcGlktFlpSUZCNjdEeUdyN1Y1a3FBQUFCpXJvb21zkrR6QWExbHJPRlhVVFNqSnVyQUFBQadyb29tIMOppGRhdGGBoW4B';

function noteAt(explained: ReturnType<typeof explain>, offset: number): string {
  return rowsOf(explained).find((row) => row.offset === offset)?.note ?? '';
}

describe('explainMessage', () => {
  test('accounts for every byte of every fixture exactly once', async () => {
    let layers = 0;
    for await (const { file, explanation } of explainFixtures()) {
      for (const layer of explanation.layers) {
        assert.equal(findHole(layer), undefined, file);
        layers++;
      }
    }
    assert.ok(layers > 100, `only ${layers} payloads in fixtures/`);
  });

  test('accounts for every byte of a payload that is cut anywhere', () => {
    const json = Buffer.from('{"uid":"P_5jgi","type":6, "data":["sse",{"n":[1,null,"\\u00e9é"]}]}');
    for (const whole of [BLOG_LINE, json]) {
      for (let end = 0; end < whole.length; end++) {
        const { explanation } = explain(whole.subarray(0, end), 'socket.io#/#');
        for (const layer of explanation.layers) assert.equal(findHole(layer), undefined, `cut at ${end}`);
      }
    }
  });

  test('says what the parts of a classic broadcast are for', () => {
    const explained = explain(BLOG_LINE, 'socket.io#/#');
    assert.match(noteAt(explained, 0), /^the envelope: \[uid, packet, opts\]/);
    assert.match(noteAt(explained, 1), /^uid: the server that sent it; it will ignore its own copy/);
    assert.match(noteAt(explained, 14), /^EVENT/);
    assert.match(noteAt(explained, 89), /everyone in the namespace/);
    const rooms = rowsOf(explained).find((row) => row.offset === 89);
    assert.equal(rooms?.type, 'undefined');
    assert.match(rooms.how ?? '', /c4: undefined, in msgpack-js only/);
    assert.equal(explained.explanation.layers[0]?.written, 'msgpack as msgpack-js wrote it');
  });

  test('gives every row the path of its value', () => {
    const paths = new Map(rowsOf(explain(BLOG_LINE)).map((row) => [row.offset, row.path]));
    assert.equal(paths.get(0), '');
    assert.equal(paths.get(1), '/0');
    assert.equal(paths.get(14), '/1/type');
    assert.equal(paths.get(34), '/1/data/1');
    assert.equal(paths.get(107), '/2/flags/broadcast');
  });

  test('explains a type byte where it occurs first, and not again', () => {
    const hows = rowsOf(explain(BLOG_LINE)).flatMap(({ how }) => how ?? []);
    assert.equal(hows.filter((how) => /start a text/.test(how)).length, 1);
    assert.equal(hows.filter((how) => /9x is an array/.test(how)).length, 1);
  });

  test('names the type of a request, and tells rooms to join from rooms that choose', () => {
    const join = explain(
      Buffer.from('{"type":2,"opts":{"rooms":["a"],"except":[]},"rooms":["x1"]}'),
      'socket.io-request#/#',
    );
    const notes = rowsOf(join).map((row) => `${row.path} ${row.role} ${row.note ?? ''}`);
    assert.ok(notes.some((note) => /^\/type value REMOTE_JOIN: make the chosen sockets join/.test(note)));
    assert.ok(notes.includes('/opts/rooms key who is meant'));
    assert.ok(notes.includes('/rooms key the rooms to join or to leave'));
  });

  test('shows the fields of a stream entry, the base64 and what it holds', () => {
    const fields = Object.entries({ uid: '8df1dccfc41dda3e', nsp: '/', type: '3', data: BASE64 });
    const entry = { fields: fields.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const) };
    const { explanation } = explain(Buffer.from(BASE64), 'socket.io', { command: 'XADD', entry });
    assert.deepEqual(
      explanation.facts.map(({ name, value }) => [name, value]),
      [
        ['uid', '8df1dccfc41dda3e'],
        ['nsp', '/'],
        ['type', '3'],
        ['data', '88 bytes'],
      ],
    );
    const [outer, inner] = explanation.layers;
    assert.equal(outer?.rows[0]?.type, 'base64');
    assert.equal(inner?.bytes.length, 64);
    assert.equal(inner.rows.find((row) => row.path === '/packet/data/0')?.part, 'event');
  });

  test('explains a heartbeat, which has no payload, by its fields', () => {
    const fields = Object.entries({ uid: '9bc8f7317b2d15db', nsp: '/', type: '1' });
    const entry = { fields: fields.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const) };
    const { payload, ...frame } = explain(BLOG_LINE, 'socket.io', { command: 'PUBLISH' }).frame;
    assert.ok(payload);
    const { explanation } = explain(new Uint8Array(), 'socket.io', { ...frame, command: 'XADD', entry });
    assert.match(explanation.facts[2]?.note ?? '', /^INITIAL_HEARTBEAT: a server has started/);
  });

  test('marks what proves who a client is as secret, and nothing else', () => {
    const sockets = [
      {
        id: 'pO3VmF9TBB_owOttAAAA',
        handshake: {
          headers: { cookie: 'sid=s3cr3t', host: 'a.example' },
          auth: { token: 'abcdefgh' },
          query: { EIO: '4', ticket: 'tttttttt' },
          url: '/socket.io/?ticket=tttttttt',
        },
      },
    ];
    const body = Buffer.from(JSON.stringify({ requestId: 'YjT7ul', sockets }));
    const secret = rowsOf(explain(body, 'socket.io-response#/#'))
      .filter((row) => row.isSecret === true && row.value !== undefined)
      .map((row) => row.path.slice('/sockets/0/handshake'.length));
    assert.deepEqual(secret, ['/headers/cookie', '/auth/token', '/query/ticket', '/url']);
    const session = explain(Buffer.from(SESSION), 'sio:session:YiIFB67DyGr7V5kqAAAB', { command: 'SET' });
    assert.deepEqual(
      rowsOf(session)
        .filter((row) => row.isSecret === true)
        .map((row) => row.path),
      ['/pid'],
    );
    assert.equal(session.explanation.layers[0]?.rows[0]?.isSecret, true);
  });

  test('explains a broken payload up to the byte where it breaks', () => {
    const explained = explain(BLOG_LINE.subarray(0, 40), 'socket.io#/#');
    assert.equal(explained.message.kind, 'undecoded');
    const rows = rowsOf(explained);
    const last = rows.at(-1);
    assert.equal(last?.part, 'trouble');
    assert.equal(last.offset, 34);
    assert.match(last.note ?? '', /12 bytes should follow, but only 5 are left/);
    assert.equal(rows.find((row) => row.offset === 21)?.note, 'the name of the event');
  });

  test('says which items are missing where the bytes end between two values', () => {
    const last = rowsOf(explain(BLOG_LINE.subarray(0, 53), 'socket.io#/#')).at(-1);
    assert.equal(last?.note, 'the bytes end here: 1 of the 3 items of the array at byte 0 are missing');
  });

  test('points at the value that makes a readable payload no message', () => {
    const explained = explain(Buffer.from('["uid","no packet",{}]'), 'socket.io#/#');
    const trouble = rowsOf(explained).filter((row) => row.part === 'trouble');
    assert.deepEqual(
      trouble.map((row) => row.path),
      ['/1'],
    );
  });

  test('names what a hostile pickle would import, and says that nothing is run', () => {
    const explained = explain(Buffer.from("cos\nsystem\n(S'id'\ntR."), 'socketio');
    const text = rowsOf(explained).map((row) => `${row.type} ${row.how ?? ''}`);
    const isPickle = explained.explanation.layers[0]?.written.startsWith('pickle') === true;
    assert.ok(isPickle);
    assert.ok(text.some((line) => line.startsWith('REDUCE') && line.includes('nothing is run')));
  });

  test('is quick and small with payloads made to hurt', () => {
    const started = process.hrtime.bigint();
    for (const payload of [
      Buffer.from('ddffffffff', 'hex'),
      Buffer.alloc(1_000_000, 0x91),
      Buffer.alloc(1_000_000, 0x5b),
      Buffer.concat([Buffer.from('dd000f4240', 'hex'), Buffer.alloc(1_000_000, 1)]),
      Buffer.from(`[${'0,'.repeat(500_000)}0]`),
    ]) {
      const { explanation } = explain(payload, 'socket.io#/#');
      for (const layer of explanation.layers) {
        assert.equal(findHole(layer), undefined);
        assert.ok(layer.rows.length <= 50_001);
      }
    }
    assert.ok(Number(process.hrtime.bigint() - started) < 10e9);
  });

  test('gives __proto__ and strange keys a row like any other', () => {
    const body = Buffer.from('{"uid":"a","type":1,"__proto__":{"x":1},"a/b~c":2,"":3}');
    const paths = rowsOf(explain(body, 'socket.io-request#/#')).map((row) => row.path);
    for (const path of ['/__proto__/x', '/a~1b~0c', '/']) assert.ok(paths.includes(path), path);
  });
});
