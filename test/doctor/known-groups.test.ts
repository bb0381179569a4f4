import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  examineText,
  type Line,
  namesOf,
  sayClassic,
  saySharded,
  subscribeClassic,
  whyUnchecked,
  writeMonitor,
} from './write-capture.ts';

const SERVERS = [
  ...subscribeClassic('aaaaaa', '10.0.0.1:1', { key: 'chat' }),
  ...subscribeClassic('bbbbbb', '10.0.0.2:1', { key: 'chat' }),
];
const BUSY = [
  sayClassic({ at: 1, uid: 'aaaaaa', key: 'chat', client: '10.0.0.1:2' }),
  sayClassic({ at: 2, uid: 'bbbbbb', key: 'chat', client: '10.0.0.2:2' }),
];
const LOST = [3, 4].map((at) => sayClassic({ at, uid: 'emitter', client: '10.0.0.9:1' }));

void test('into-the-void: a capture from before the servers start shows that nobody hears the emitter', async () => {
  const report = await examineText(writeMonitor([...SERVERS, ...BUSY, ...LOST]));
  assert.deepEqual(namesOf(report), ['into-the-void']);
  const [found] = report.cases;
  assert.ok(found);
  assert.equal(found.sure, 'likely');
  assert.match(found.next[0] ?? '', /new Emitter\(redis, \{ key: "chat" \}\)/);
  assert.deepEqual(
    found.culprits.map(({ is, value }) => [is, value]),
    [
      ['channel', 'socket.io#/#'],
      ['event', 'news'],
      ['connection', '10.0.0.9:1'],
    ],
  );
});

void test('into-the-void: an emitter of the old dialect, or one that forgets the last #, is not heard either', async () => {
  const [line] = LOST;
  assert.ok(line);
  const payload = line.words[2] ?? '';
  for (const channel of ['chat#emitter', 'chat#/']) {
    const said = { ...line, words: ['publish', channel, payload] };
    const report = await examineText(writeMonitor([...SERVERS, ...BUSY, said]), 'into-the-void');
    assert.equal(report.cases[0]?.culprits[0]?.value, channel);
    assert.match(report.cases[0].next[0] ?? '', /channels that begin with chat#\/#, up to the last #/);
  }
  const room = { ...line, words: ['publish', 'chat#/#lobby#', payload] };
  const heard = await examineText(writeMonitor([...SERVERS, ...BUSY, room]), 'into-the-void');
  assert.deepEqual(namesOf(heard), []);
});

void test('into-the-void: an emitter with the right key and a namespace that no server has is told about the namespace only', async () => {
  const advise = async (nsp: string, servers: string): Promise<string> => {
    const lines = ['aaaaaa', 'bbbbbb'].flatMap((uid, index) => [
      ...subscribeClassic(uid, `10.0.0.${index}:1`, { nsp: servers }),
      sayClassic({ at: 1 + index, uid, nsp: servers, client: `10.0.0.${index}:2` }),
    ]);
    const lost = [3, 4].map((at) => sayClassic({ at, uid: 'emitter', nsp, client: '10.0.0.9:1' }));
    const report = await examineText(writeMonitor([...lines, ...lost]), 'into-the-void');
    return report.cases[0]?.next[0] ?? '';
  };
  assert.match(await advise('/news', '/'), /: emitter, without \.of\("\/news"\)$/);
  assert.match(await advise('/', '/chat'), /: emitter\.of\("\/chat"\)$/);
});

void test('into-the-void: an emitter that is heard is no fault', async () => {
  const heard = [3, 4].map((at) => sayClassic({ at, uid: 'emitter', key: 'chat' }));
  const report = await examineText(writeMonitor([...SERVERS, ...BUSY, ...heard]));
  assert.deepEqual(namesOf(report), []);
  assert.equal(whyUnchecked(report, 'into-the-void'), undefined);
});

void test('into-the-void: who subscribed before the capture began is not known, and nobody is accused', async () => {
  const captures: Readonly<Record<string, readonly Line[]>> = {
    'no subscription at all': [...BUSY, ...LOST],
    'that of one server is missing': [
      ...subscribeClassic('aaaaaa', '10.0.0.1:1', { key: 'chat' }),
      ...BUSY,
      ...LOST,
    ],
    'it came after the first message': [
      ...subscribeClassic('aaaaaa', '10.0.0.1:1', { key: 'chat', at: 1.5 }),
      ...subscribeClassic('bbbbbb', '10.0.0.2:1', { key: 'chat' }),
      ...BUSY,
      ...LOST,
    ],
  };
  for (const [what, lines] of Object.entries(captures)) {
    const report = await examineText(writeMonitor(lines));
    assert.deepEqual(namesOf(report), [], what);
    for (const rule of ['into-the-void', 'emitter-needs-classic'])
      assert.match(whyUnchecked(report, rule) ?? '', /needs to know who is subscribed/, what);
  }
});

void test('emitter-needs-classic: sharded servers are known by their subscriptions, and do not hear the emitter', async () => {
  const [one, two] = ['0123456789abcdef', 'fedcba9876543210'];
  const servers = [one, two].flatMap((uid, at): readonly Line[] => [
    { at: 0, client: `10.0.0.${at}:1`, words: ['ssubscribe', 'socket.io#/#'] },
    { at: 0, client: `10.0.0.${at}:1`, words: ['ssubscribe', `socket.io#/#${uid}#`] },
  ]);
  const busy = [one, two].map((uid, at) => saySharded({ at: 1, uid, client: `10.0.0.${at}:2` }));
  const report = await examineText(writeMonitor([...servers, ...busy, ...LOST]));
  assert.deepEqual(namesOf(report), ['emitter-needs-classic']);
  assert.match(report.cases[0]?.seen[0] ?? '', /2 servers with the sharded adapter/);
  assert.equal(report.cases[0]?.sure, 'likely');
});

const LEAVES: Line = { at: 1.1, client: '10.0.0.1:1', words: ['punsubscribe', 'chat#/#*'] };
const GOES_ON = [2, 3, 4, 5].map((at) =>
  sayClassic({ at, uid: 'aaaaaa', key: 'chat', client: '10.0.0.1:2', event: 'tick' }),
);

void test('deaf-server: a server that unsubscribes and goes on speaking is named', async () => {
  const report = await examineText(writeMonitor([...SERVERS, ...BUSY, LEAVES, ...GOES_ON]), 'deaf-server');
  assert.deepEqual(
    report.cases.map(({ culprits }) => culprits[0]),
    [{ is: 'uid', value: 'aaaaaa', about: 'publishes from 10.0.0.1:2' }],
  );
  assert.match(report.cases[0]?.seen[0] ?? '', /4 messages in the 4 s since/);
});

void test('deaf-server: one that stops, one that subscribes again and one that gives up its own channel are not deaf', async () => {
  const back: Line = { at: 1.2, client: '10.0.0.1:1', words: ['psubscribe', 'chat#/#*'] };
  const own: Line = { ...LEAVES, words: ['unsubscribe', 'chat-response#/#', 'chat-response#/#aaaaaa#'] };
  const captures: Readonly<Record<string, readonly Line[]>> = {
    'it stops': [LEAVES, ...GOES_ON.slice(0, 1)],
    'it subscribes again': [LEAVES, back, ...GOES_ON],
    'it gives up its own channel': [own, ...GOES_ON],
  };
  for (const [what, lines] of Object.entries(captures)) {
    const report = await examineText(writeMonitor([...SERVERS, ...BUSY, ...lines]), 'deaf-server');
    assert.deepEqual(namesOf(report), [], what);
    assert.match(whyUnchecked(report, 'deaf-server') ?? '', /needs a live Redis/, what);
  }
});
