import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Memory } from '../../src/dissect/memory.ts';
import { dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import { bare, dissectPlainly } from './plain.ts';

const HOST = '4f1b7a0c93de4a5e8a1d2c3b4e5f6071';

/** Published by RedisManager of python-socketio 5.7.2 (Debian 12, Python 3.11). */
const PICKLED = {
  news: '800495d4000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74948c046e657773948c0464617461947d94288c0474657874948c026869948c016e948a0800000000000000108c047768656e948c086461746574696d65948c0464617465949394430407e802039485945294758c096e616d657370616365948c012f948c04726f6f6d948c05726f6f6d31948c08736b69705f7369649468148c0863616c6c6261636b944e8c07686f73745f6964948c20346631623761306339336465346135653861316432633362346535663630373194752e',
  pair: '800495a8000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74948c0470616972948c0464617461948c0161945d94284b014b0265430200ff9487948c096e616d657370616365948c052f63686174948c04726f6f6d945d942868068c016294658c08736b69705f736964944e8c0863616c6c6261636b944e8c07686f73745f6964948c20346631623761306339336465346135653861316432633362346535663630373194752e',
  nothing:
    '80049589000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74948c0470696e67948c0464617461944e8c096e616d657370616365948c012f948c04726f6f6d944e8c08736b69705f736964944e8c0863616c6c6261636b944e8c07686f73745f6964948c20346631623761306339336465346135653861316432633362346535663630373194752e',
  ask: '80049598000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74948c0361736b948c0464617461948c0171948c096e616d657370616365948c012f948c04726f6f6d948c0473696431948c08736b69705f736964944e8c0863616c6c6261636b94680a68084b0187948c07686f73745f6964948c20346631623761306339336465346135653861316432633362346535663630373194752e',
  callback:
    '8004955f000000000000007d94288c066d6574686f64948c0863616c6c6261636b948c07686f73745f6964948c06686f73746964948c03736964948c0473696431948c096e616d657370616365948c012f948c026964944b018c0461726773948c0178944b028694752e',
  disconnect:
    '80049538000000000000007d94288c066d6574686f64948c0a646973636f6e6e656374948c03736964948c0473696431948c096e616d657370616365948c012f94752e',
  closeRoom:
    '8004953e000000000000007d94288c066d6574686f64948c0a636c6f73655f726f6f6d948c04726f6f6d948c05726f6f6d31948c096e616d657370616365948c052f6368617494752e',
};

const WIRE = {
  code: 'pickle-on-the-wire',
  severity: 'warning',
  message:
    'This channel carries pickle: whoever can publish here can run code in every python-socketio before 5.14 (CVE-2025-61765).',
};

function on(channel: string, payload: Uint8Array | string): Frame {
  return {
    via: 'subscribe',
    command: 'PMESSAGE',
    channel: Buffer.from(channel),
    payload: Buffer.from(payload),
  };
}

function pickle(name: keyof typeof PICKLED): Frame {
  return on('socketio', Buffer.from(PICKLED[name], 'hex'));
}

/** An emit as 5.14 and later write it; `binary` absent for 5.14.0 and 5.14.1. */
function emit(data: unknown, binary?: boolean, changes: Record<string, unknown> = {}): Frame {
  const body = {
    method: 'emit',
    event: 'news',
    data,
    ...(binary === undefined ? {} : { binary }),
    namespace: '/',
    room: null,
    skip_sid: null,
    callback: null,
    host_id: HOST,
    ...changes,
  };
  return on('socketio', JSON.stringify(body));
}

function codes(frame: Frame, memory?: Memory): string[] {
  const message = dissect(frame, memory === undefined ? {} : { memory });
  return (message?.findings ?? []).map((finding) => finding.code);
}

describe('python, pickle', () => {
  it('reads an emit, its room, its skipped socket and an object among its data', () => {
    const { args, ...message } = dissectPlainly(pickle('news'));
    assert.deepEqual(message, {
      kind: 'broadcast',
      adapter: 'python',
      version: 'python-socketio < 5.14',
      encoding: 'pickle',
      key: 'socketio',
      uid: HOST,
      nsp: '/',
      event: 'news',
      rooms: ['room1'],
      except: ['room1'],
      inferred: ['version'],
      findings: [WIRE, ...(message.findings as unknown[]).slice(1)],
    });
    assert.ok(Array.isArray(args) && args.length === 1);
    const [data] = args as [{ text: string; n: bigint; when: { name: string } }];
    assert.deepEqual([data.text, data.n, data.when.name], ['hi', 2n ** 60n, 'datetime.date']);
    assert.ok(!codes(pickle('news')).includes('pickle-object'));
  });

  it('takes a tuple for several arguments and None for none', () => {
    const pair = dissectPlainly(pickle('pair'));
    assert.deepEqual(pair.args, ['a', [1, 2], { hex: '00ff' }]);
    assert.deepEqual([pair.rooms, pair.nsp], [['a', 'b'], '/chat']);
    const nothing = dissectPlainly(pickle('nothing'));
    assert.deepEqual(nothing.args, []);
    assert.equal('rooms' in nothing, false);
  });

  it('reads an ack that is asked for, and its answer, whose host_id is the addressee', () => {
    const ask = dissectPlainly(pickle('ask'));
    assert.deepEqual([ask.ackId, ask.payload], [1, { callback: ['sid1', '/', 1] }]);
    assert.deepEqual(dissectPlainly(pickle('callback')), {
      kind: 'response',
      adapter: 'python',
      version: 'python-socketio < 5.14',
      encoding: 'pickle',
      key: 'socketio',
      type: 'callback',
      nsp: '/',
      args: ['x', 2],
      payload: { host_id: 'hostid', sid: 'sid1', id: 1 },
      inferred: ['version'],
      findings: [WIRE],
    });
  });

  it('reads disconnect and close_room of before 5.10', () => {
    const disconnect = dissectPlainly(pickle('disconnect'));
    assert.deepEqual(
      [disconnect.kind, disconnect.type, disconnect.version, disconnect.payload],
      ['request', 'disconnect', 'python-socketio < 5.10', { sid: 'sid1' }],
    );
    const close = dissectPlainly(pickle('closeRoom'));
    assert.deepEqual([close.type, close.nsp, close.rooms], ['close_room', '/chat', ['room1']]);
  });

  it('reads every protocol the same, on any channel and without one', () => {
    const program = `
import pickle
m = {'method': 'enter_room', 'sid': 's', 'room': 'r', 'namespace': '/', 'host_id': 'h'}
for p in range(6): print(pickle.dumps(m, p).hex())`;
    for (const hex of execFileSync('python3', ['-c', program]).toString().trim().split('\n')) {
      const bytes = Buffer.from(hex, 'hex');
      for (const frame of [on('socketio', bytes), on('my queue', bytes), bare(bytes)]) {
        const message = dissectPlainly(frame);
        assert.deepEqual(
          [message.type, message.uid, message.payload],
          ['enter_room', 'h', { sid: 's', room: 'r' }],
        );
        assert.equal(message.version, 'python-socketio 5.10 to 5.13');
      }
    }
  });

  it('names what a pickle would run, wherever it hides', () => {
    const program = `
import pickle, os
class Evil:
    def __reduce__(self): return (os.system, ('id',))
print(pickle.dumps({'method': 'emit', 'event': 'e', 'data': Evil(), 'namespace': '/'}, 4).hex())
print(pickle.dumps(Evil(), 4).hex())
print(pickle.dumps(Evil(), 0).hex())`;
    const [inside = '', alone = '', old = ''] = execFileSync('python3', ['-c', program])
      .toString()
      .trim()
      .split('\n');
    const message = dissectPlainly(on('socketio', Buffer.from(inside, 'hex')));
    assert.equal(message.kind, 'broadcast');
    const finding = (message.findings as { code: string; severity: string; message: string }[]).at(-1);
    assert.deepEqual([finding?.code, finding?.severity], ['code-execution-pickle', 'error']);
    assert.match(finding?.message ?? '', /posix\.system.*CVE-2025-61765.*not executed/);
    for (const hex of [alone, old]) {
      const bytes = Buffer.from(hex, 'hex');
      const undecoded = dissect(on('socketio', bytes));
      assert.equal(undecoded?.kind, 'undecoded');
      assert.equal(undecoded.error?.code, 'wrong-shape');
      assert.deepEqual(undecoded.raw, bytes);
      assert.equal(undecoded.findings?.[0]?.code, 'code-execution-pickle');
      assert.equal(undecoded.payload?.[0]?.[0], 'pickle');
    }
    const broken = dissect(on('socketio', Buffer.from(alone, 'hex').subarray(0, -1)));
    assert.equal(broken?.error?.code, 'truncated');
    assert.equal(broken.findings?.[0]?.code, 'code-execution-pickle');
    const hidden = Buffer.concat([
      Buffer.from("cbuiltins\nexec\n(S'1'\ntR0"),
      Buffer.from(PICKLED.pair, 'hex').subarray(11),
    ]);
    assert.ok(codes(on('socketio', hidden)).includes('code-execution-pickle'));
  });

  it('warns of other classes, and not of plain data types', () => {
    const object = Buffer.from(
      "(dS'method'\nS'emit'\nsS'event'\nS'e'\nsS'namespace'\nS'/'\nsS'data'\ncshop.models\nOrder\n(tRs.",
    );
    assert.deepEqual(codes(on('socketio', object)), ['pickle-on-the-wire', 'pickle-object']);
  });

  it('is undecoded where it is broken, deep or heavy', () => {
    const whole = Buffer.from(PICKLED.news, 'hex');
    for (let length = 1; length < whole.length; length++) {
      const message = dissect(on('socketio', whole.subarray(0, length)));
      assert.equal(message?.kind, 'undecoded', `cut to ${length}`);
      if (length > 1) assert.match(message.error?.message ?? '', /incomplete pickle/);
    }
    const deep = Buffer.concat([
      Buffer.from('80044e', 'hex'),
      Buffer.alloc(1_000_000, 0x85),
      Buffer.from('.'),
    ]);
    assert.equal(dissect(on('socketio', deep))?.error?.code, 'too-deep');
  });
});

describe('python, JSON', () => {
  it('reads the list of arguments of 5.15.1 and later, and says that it was concluded', () => {
    assert.deepEqual(dissectPlainly(emit(['a', { b: 1 }], false, { room: 'r', skip_sid: ['s1', 's2'] })), {
      kind: 'broadcast',
      adapter: 'python',
      version: 'python-socketio ≥ 5.15.1',
      encoding: 'json',
      key: 'socketio',
      uid: HOST,
      nsp: '/',
      event: 'news',
      args: ['a', { b: 1 }],
      rooms: ['r'],
      except: ['s1', 's2'],
      payload: { binary: false },
      inferred: ['args', 'version'],
    });
    assert.deepEqual(dissectPlainly(emit([null], false)).args, []);
  });

  it('learns from a sender that it writes one argument', () => {
    const memory = new Memory();
    const args = (frame: Frame): unknown => dissectPlainly(frame, { memory }).args;
    assert.deepEqual(args(emit([1, 2], false)), [1, 2]);
    assert.deepEqual(args(emit({ a: 1 }, false)), [{ a: 1 }]);
    assert.deepEqual(args(emit([1, 2], false)), [[1, 2]]);
    assert.deepEqual(args(emit([1, 2], false, { host_id: 'another' })), [1, 2]);
  });

  it('shows a list of 5.14.0 as one argument and marks it', () => {
    const message = dissectPlainly(emit(['a', 2]));
    assert.deepEqual(message.args, [['a', 2]]);
    assert.deepEqual(message.inferred, ['version', 'args']);
    assert.deepEqual(codes(emit(['a', 2])), ['ambiguous-arguments']);
    assert.deepEqual(codes(emit('a')), []);
  });

  it('puts attachments where the placeholders stand, in both layouts', () => {
    const placeholder = { _placeholder: true, num: 0 };
    const bytes = { hex: '000102' };
    assert.deepEqual(dissectPlainly(emit([placeholder, 'AAEC'], true)).args, [bytes]);
    assert.deepEqual(dissectPlainly(emit([[placeholder], 'AAEC'], true)).args, [bytes]);
    assert.deepEqual(dissectPlainly(emit([[{ deep: [placeholder] }, 'x'], 'AAEC'], true)).args, [
      { deep: [bytes] },
      'x',
    ]);
    assert.deepEqual(dissectPlainly(emit([[placeholder], ''], true)).args, [{ hex: '' }]);
  });

  it('says where an attachment is missing, and keeps one that nothing refers to', () => {
    const second = { _placeholder: true, num: 1 };
    const message = dissectPlainly(emit([[second], 'AAEC'], true));
    assert.deepEqual(message.args, [second]);
    assert.deepEqual(message.payload, { 'attachment 0': 'AAEC', binary: true });
    assert.deepEqual(codes(emit([[second], 'AAEC'], true)), ['binary-lost']);
  });

  it('leaves a placeholder alone that is the data of a user', () => {
    const placeholder = { _placeholder: true, num: 0 };
    assert.deepEqual(dissectPlainly(emit([placeholder, 'AAEC'], false)).args, [placeholder, 'AAEC']);
  });

  it('takes other channels by their payload, or because they were named', () => {
    const body = { method: 'leave_room', sid: 's', room: 'r', namespace: '/', host_id: HOST };
    const message = dissectPlainly(on('flask', JSON.stringify(body)));
    assert.deepEqual([message.kind, message.type, message.key], ['request', 'leave_room', 'flask']);
    assert.equal(dissect(on('flask', '{"method":"emit","params":[1]}')), undefined);
    assert.equal(
      dissect(on('flask', '{"method":"emit","params":[1]}'), { keys: ['flask'] })?.kind,
      'undecoded',
    );
    const future = { method: 'shutdown', namespace: '/', host_id: HOST };
    assert.equal(dissect(on('flask', JSON.stringify(future))), undefined);
    assert.deepEqual(codes(on('socketio', JSON.stringify(future))), ['unknown-method']);
  });

  it('warns when pickle and JSON meet on one channel', () => {
    const memory = new Memory();
    assert.ok(!codes(pickle('ask'), memory).includes('mixed-serialization'));
    assert.deepEqual(codes(emit(['a'], false), memory), ['mixed-serialization']);
    assert.deepEqual(codes(emit(['a'], false), memory), []);
  });
});

describe('python, anything', () => {
  it('never throws, and loses nothing on its channel', () => {
    const samples = [
      ...Object.values(PICKLED).map((hex) => Buffer.from(hex, 'hex')),
      emit([1], true).payload ?? '',
    ];
    const damage = fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.nat(samples.length - 1), damage, (index, changes) => {
        const bytes = Buffer.from(samples[index] ?? '');
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        assert.notEqual(dissect(on('socketio', bytes)), undefined);
        dissect(on('another', bytes));
        assert.notEqual(dissect(bare(bytes)), undefined);
      }),
      { numRuns: 2000 },
    );
  });
});
