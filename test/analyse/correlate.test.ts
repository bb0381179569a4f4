import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ThreadEvent, Threads } from '../../src/analyse/correlate.ts';
import type { KnownGroup } from '../../src/analyse/correlate-peers.ts';
import type { Thread } from '../../src/analyse/correlate-thread.ts';
import type { Observed } from '../../src/model/observed.ts';
import { observe, observeFixture } from './observe.ts';

const FOUR: KnownGroup = {
  adapter: 'redis',
  key: 'socket.io',
  nsp: '/',
  uids: ['AAAAAA', 'BBBBBB', 'CCCCCC', 'DDDDDD'],
  counted: 4,
};
const PORTS: Readonly<Record<string, number>> = { AAAAAA: 1001, BBBBBB: 1002, CCCCCC: 1003, DDDDDD: 1004 };

/** A line of MONITOR: the server publishes `body` after so many milliseconds. */
function line(ms: number, uid: string, channel: string, body: unknown): string {
  const time = (1_795_376_000 + ms / 1000).toFixed(6);
  const text = JSON.stringify(JSON.stringify(body));
  return `${time} [0 127.0.0.1:${PORTS[uid] ?? 999}] "PUBLISH" "${channel}" ${text}\n`;
}

const ask = (ms: number, uid: string, id = 'r1'): string =>
  line(ms, uid, 'socket.io-request#/#', { uid, requestId: id, type: 5, opts: { rooms: [], except: [] } });
const answer = (ms: number, uid: string, id = 'r1'): string =>
  line(ms, uid, 'socket.io-response#/#', { requestId: id, sockets: [] });

async function run(
  text: string,
  groups: readonly KnownGroup[] = [],
): Promise<{ threads: Threads; events: ThreadEvent[] }> {
  return follow(await observe(text), groups);
}

function follow(
  seen: readonly Observed[],
  groups: readonly KnownGroup[],
): { threads: Threads; events: ThreadEvent[] } {
  const threads = new Threads();
  threads.setServers(groups);
  const events = seen.flatMap((observed) => threads.add(observed));
  return { threads, events };
}

function only(events: readonly ThreadEvent[], is: ThreadEvent['is']): Thread {
  const [first, second] = events.filter((event) => event.is === is);
  assert.ok(
    first !== undefined && second === undefined,
    `one event ${is}: ${events.map((event) => event.is).join()}`,
  );
  return first.thread;
}

void test('Threads ties each reply to its request with its latency, and is complete at Q−1', async () => {
  const text = ask(0, 'AAAAAA') + answer(2, 'BBBBBB') + answer(3.5, 'CCCCCC') + answer(7, 'DDDDDD');
  const { events } = await run(text, [FOUR]);
  assert.deepEqual(
    events.map((event) => event.is),
    ['opened', 'answered', 'answered', 'answered', 'completed'],
  );
  const thread = only(events, 'completed');
  assert.equal(thread.uid, 'AAAAAA');
  assert.equal(thread.expected, 3);
  assert.deepEqual(
    thread.replies.map(({ latencyMicros, client }) => [latencyMicros, client]),
    [
      [2000, '127.0.0.1:1002'],
      [3500, '127.0.0.1:1003'],
      [7000, '127.0.0.1:1004'],
    ],
  );
});

void test('Threads names the silent classic server by the address that its uid was seen at', async () => {
  const known = ['AAAAAA', 'BBBBBB', 'CCCCCC', 'DDDDDD']
    .map((uid, index) => ask(index, uid, `x${uid}`))
    .join('');
  const { events, threads } = await run(
    known + ask(100, 'AAAAAA') + answer(102, 'BBBBBB') + answer(103, 'DDDDDD'),
    [FOUR],
  );
  const late = threads.expire((1_795_376_000 + 6) * 1e6);
  const thread = late.find((event) => event.thread.requestId === 'r1')?.thread;
  assert.equal(thread?.state, 'timed-out');
  assert.equal(thread.missing?.servers, 1);
  assert.deepEqual(
    thread.missing.who.map(({ uid, client }) => [uid, client]),
    [['CCCCCC', '127.0.0.1:1003']],
  );
  assert.equal(events.filter((event) => event.is === 'completed').length, 0);
});

void test('Threads names nobody where replies do not say who sent them', async () => {
  const strip = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, 'lua');
  const { threads } = await run(strip(ask(0, 'AAAAAA') + answer(2, 'BBBBBB') + answer(3, 'CCCCCC')), [FOUR]);
  const [event] = threads.expire(Number.POSITIVE_INFINITY);
  assert.equal(event?.thread.missing?.servers, 1);
  assert.deepEqual(event.thread.missing.who, []);
  assert.deepEqual(
    event.thread.missing.among.map(({ uid }) => uid),
    ['BBBBBB', 'CCCCCC', 'DDDDDD'],
  );
});

void test('Threads leaves a phantom subscriber nameless: all uids answered, one answer is missing', async () => {
  const phantom = { ...FOUR, counted: 5 };
  const learn = ['BBBBBB', 'CCCCCC', 'DDDDDD']
    .map((uid) =>
      line(0, uid, 'socket.io-request#/#', { uid, type: 2, opts: { rooms: [], except: [] }, rooms: ['x'] }),
    )
    .join('');
  const text = learn + ask(1, 'AAAAAA') + answer(2, 'BBBBBB') + answer(3, 'CCCCCC') + answer(4, 'DDDDDD');
  const { threads } = await run(text, [phantom]);
  const [event] = threads.expire(Number.POSITIVE_INFINITY);
  assert.deepEqual(event?.thread.missing, {
    servers: 1,
    who: [],
    among: [],
    notServers: 1,
    acks: 0,
    acksOf: [],
  });
});

/** Who is missing of `r1`: how many answers, names for certain, names to choose from, subscribers that are no servers. */
async function lackOf(text: string, group: KnownGroup): Promise<readonly unknown[]> {
  const { events, threads } = await run(text, [group]);
  const all = [...events, ...threads.expire(Number.POSITIVE_INFINITY)];
  const thread = all.find((event) => event.is === 'timed-out' && event.thread.requestId === 'r1')?.thread;
  const { servers, who = [], among = [], notServers } = thread?.missing ?? {};
  return [servers, who.map(({ uid }) => uid), among.map(({ uid }) => uid), notServers];
}

const FOUR_AND_PHANTOM = { ...FOUR, counted: 5 };
const BCD = ['BBBBBB', 'CCCCCC', 'DDDDDD'];

void test('Threads accuses no server where as many have answered as there are, though nothing says who', async () => {
  const answers = answer(2, 'BBBBBB') + answer(3, 'CCCCCC') + answer(4, 'DDDDDD');
  assert.deepEqual(await lackOf(ask(1, 'AAAAAA') + answers, FOUR_AND_PHANTOM), [1, [], [], 1]);
  assert.deepEqual(await lackOf(ask(1, 'AAAAAA') + answers, { ...FOUR, counted: 6 }), [2, [], [], 2]);
});

void test('Threads tells servers that have not answered from subscribers that never will', async () => {
  const one = ask(1, 'AAAAAA') + answer(2, 'BBBBBB');
  assert.deepEqual(await lackOf(one + answer(3, 'CCCCCC'), FOUR_AND_PHANTOM), [2, [], BCD, 1]);
  assert.deepEqual(await lackOf(ask(0, 'BBBBBB', 'x1') + one, FOUR_AND_PHANTOM), [
    3,
    ['CCCCCC', 'DDDDDD'],
    [],
    1,
  ]);
  assert.deepEqual(await lackOf(one + answer(3, 'CCCCCC'), FOUR), [1, [], BCD, 0]);
});

void test('Threads takes no server that left without an answer for a subscriber that is none', async () => {
  const channels = '"socket.io-request#/#" "socket.io-response#/#" "socket.io-response#/#DDDDDD#"';
  const leave = `1795376000.005000 [0 127.0.0.1:2004] "UNSUBSCRIBE" ${channels}\n`;
  const asked = ask(1, 'AAAAAA') + answer(2, 'BBBBBB') + answer(3, 'CCCCCC');
  assert.deepEqual(await lackOf(asked + leave, FOUR_AND_PHANTOM), [2, [], BCD, 1]);
  assert.deepEqual(await lackOf(asked + answer(4, 'DDDDDD') + leave, FOUR_AND_PHANTOM), [1, [], [], 1]);
});

void test('Threads does not wonder about a server that came after the request', async () => {
  const channels = '"socket.io-request#/#" "socket.io-response#/#" "socket.io-response#/#EEEEEE#"';
  const come = `1795376000.005000 [0 127.0.0.1:2005] "SUBSCRIBE" ${channels}\n${ask(6, 'EEEEEE', 'x1')}`;
  const answers = answer(2, 'BBBBBB') + answer(3, 'CCCCCC') + answer(4, 'DDDDDD');
  assert.deepEqual(await lackOf(ask(1, 'AAAAAA') + answers + come, FOUR_AND_PHANTOM), [1, [], [], 1]);
});

void test('Threads says of nobody that it is no server where servers without a known uid answer, too', async () => {
  const three = { ...FOUR, uids: ['AAAAAA', 'BBBBBB', 'CCCCCC'], counted: 6 };
  const asked = ask(1, 'AAAAAA') + answer(2, 'BBBBBB') + answer(3, 'CCCCCC');
  assert.deepEqual(await lackOf(asked + answer(4, 'DDDDDD'), three), [2, [], [], 0], 'more than there are');
  const named = ask(0, 'DDDDDD', 'x1') + ask(1, 'AAAAAA') + answer(2, 'BBBBBB') + answer(3, 'DDDDDD');
  assert.deepEqual(await lackOf(named, three), [3, [], [], 0], 'one with another uid');
  const heard = ask(0, 'DDDDDD', 'x1') + asked;
  assert.deepEqual(await lackOf(heard, three), [3, [], [], 0], 'one that asked before');
});

void test('Threads names nobody where it is not known which server asks, and more are counted than have a uid', async () => {
  const request = line(1, '', 'socket.io-request#/#', { requestId: 'r1', type: 5, opts: {} });
  const answers = answer(2, 'BBBBBB') + answer(3, 'CCCCCC');
  assert.deepEqual(await lackOf(request + answers, FOUR_AND_PHANTOM), [2, [], [], 0]);
});

void test('Threads marks a reply after the timeout as late, in the thread that timed out', async () => {
  const { events } = await run(
    ask(0, 'AAAAAA') + answer(1, 'BBBBBB') + answer(2, 'CCCCCC') + answer(5200, 'DDDDDD'),
    [FOUR],
  );
  assert.deepEqual(
    events.map((event) => event.is),
    ['opened', 'answered', 'answered', 'timed-out', 'answered'],
  );
  const last = events.at(-1);
  assert.ok(last?.is === 'answered' && last.reply.isLate);
  assert.equal(last.thread.state, 'timed-out');
});

void test('Threads without a registry expects those that it has heard, and is not sure before the time is over', async () => {
  const { events, threads } = await run(ask(0, 'AAAAAA') + answer(1, 'BBBBBB') + answer(2, 'CCCCCC'));
  assert.ok(events.every((event) => event.is !== 'completed'));
  const [event] = threads.expire(Number.POSITIVE_INFINITY);
  assert.equal(event?.is, 'completed');
  assert.deepEqual([event.thread.expected, event.thread.expectedFrom], [2, 'heard']);
});

void test('Threads is complete with broadcasts when each client that was counted has acknowledged', async () => {
  const count = (ms: number, uid: string, clientCount: number): string =>
    line(ms, uid, 'socket.io-response#/#', { type: 8, requestId: 'b1', clientCount });
  const ack = (ms: number, uid: string): string =>
    line(ms, uid, 'socket.io-response#/#', { type: 9, requestId: 'b1', packet: 'ok' });
  const request = line(0, 'AAAAAA', 'socket.io-request#/#', {
    uid: 'AAAAAA',
    requestId: 'b1',
    type: 7,
    packet: { type: 2, data: ['hi'], nsp: '/' },
    opts: { rooms: [], except: [], flags: { timeout: 300 } },
  });
  const group = { ...FOUR, uids: ['AAAAAA', 'BBBBBB', 'CCCCCC'], counted: 3 };
  const learn = ask(-9, 'BBBBBB', 'l1') + ask(-8, 'CCCCCC', 'l2');
  const half =
    learn + request + count(1, 'BBBBBB', 2) + count(2, 'CCCCCC', 1) + ack(3, 'BBBBBB') + ack(4, 'CCCCCC');
  const whole = await run(half + ack(5, 'BBBBBB'), [group]);
  assert.equal(only(whole.events, 'completed').timeoutMs, 300);
  const short = await run(half, [group]);
  const event = short.threads
    .expire((1_795_376_000 + 1) * 1e6)
    .find(({ thread }) => thread.requestId === 'b1');
  assert.equal(event?.is, 'timed-out');
  assert.equal(event.thread.missing?.servers, 0);
  assert.equal(event.thread.missing.acks, 1);
  assert.deepEqual(
    event.thread.missing.acksOf.map(({ peer, acks }) => [peer.uid, acks]),
    [['BBBBBB', 1]],
  );
});

for (const name of [
  'classic/redis-adapter-8.3',
  'classic/redis-adapter-7.0',
  'classic/socket.io-redis-5.4',
  'classic/socket.io-redis-1.1',
  'sharded/redis-adapter-8.2-dynamic',
  'sharded/redis-adapter-8.3-dynamic',
  'streams/redis-streams-adapter-0.1',
  'streams/redis-streams-adapter-0.2.3',
  'streams/redis-streams-adapter-0.3',
  'streams/redis-streams-adapter-0.3-sharded',
]) {
  void test(`Threads ties every response of ${name} to its request`, async () => {
    const seen = await observeFixture(name);
    const { events, threads } = follow(seen, []);
    const responses = seen.filter((one) => one.is === 'message' && one.message.kind === 'response').length;
    const all = [...events, ...threads.expire(Number.POSITIVE_INFINITY)];
    assert.ok(responses > 0);
    assert.equal(all.filter((event) => event.is === 'answered').length, responses);
    assert.deepEqual(
      all
        .filter((event) => event.is === 'timed-out')
        .map((event) => `${event.thread.type} ${event.thread.requestId}`),
      [],
    );
  });
}

void test('Threads pairs a callback of python-socketio by host_id, sid, namespace and id', async () => {
  const emit = {
    method: 'emit',
    event: 'ask',
    data: ['x'],
    namespace: '/',
    room: 'sid1',
    skip_sid: null,
    callback: ['sid1', '/', 7],
    host_id: 'h'.repeat(32),
  };
  const back = {
    method: 'callback',
    host_id: 'h'.repeat(32),
    sid: 'sid1',
    namespace: '/',
    id: 7,
    args: ['yes'],
  };
  const text =
    line(0, 'AAAAAA', 'socketio', emit) +
    line(4, 'BBBBBB', 'socketio', { ...back, id: 8 }) +
    line(5, 'BBBBBB', 'socketio', back);
  const { events } = await run(text);
  assert.deepEqual(
    events.map((event) => event.is),
    ['opened', 'answered', 'completed'],
  );
  assert.equal(only(events, 'completed').replies[0]?.latencyMicros, 5000);
});

void test('Threads forgets the oldest of more requests than it can hold, and says so', async () => {
  const [seen] = await observe(ask(0, 'AAAAAA'));
  assert.ok(seen?.is === 'message');
  const threads = new Threads();
  for (let i = 0; i < 10_050; i++) {
    threads.add({ ...seen, message: { ...seen.message, requestId: `q${i}` } });
  }
  assert.equal(threads.forgotten, 50);
  assert.equal(threads.openThreads().length, 10_000);
});
