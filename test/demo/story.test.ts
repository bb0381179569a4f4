import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../../src/demo/reports.ts';
import { type Cast, type Events, findFlaw } from '../../src/demo/story.ts';

const client = (id: string, worker: number): Cast['a'] => ({
  welcome: { id, worker },
  say: () => Promise.resolve(),
  close: () => undefined,
});
const apart: Cast = { a: client('A-id', 1), b: client('B-id', 2) };
const together: Cast = { a: client('A-id', 1), b: client('B-id', 1) };

const outcomes = (...list: readonly Outcome[]): ReadonlyMap<number, Outcome> =>
  new Map(list.map((outcome, index) => [index + 1, outcome]));

const good: Events = {
  text: 'Hello',
  sent: { command: 'PUBLISH', words: ['socket.io#/#'], answer: 2 },
  received: { command: 'PMESSAGE', channel: 'socket.io#/#', payload: Buffer.from('…') },
  outcomes: outcomes({ is: 'own' }, { is: 'delivered', to: ['B-id'] }),
  toldDirectly: [],
  heardAfterMs: 3,
  waitedMs: 4,
};

describe('findFlaw', () => {
  it('finds none in a story that came true', () => {
    assert.equal(findFlaw(good, apart, 'redis', 2), undefined);
  });

  it('finds what did not happen', () => {
    const { heardAfterMs, ...unheard } = good;
    const { sent, ...unsent } = good;
    assert.ok(heardAfterMs !== undefined && sent !== undefined);
    const flaws: readonly [RegExp, Events, Cast, number][] = [
      [/did not hear/, unheard, apart, 2],
      [/Nothing .* went through Redis/, unsent, apart, 2],
      [/Only 2 of 3 workers/, good, apart, 3],
      [/both landed on worker 1/, good, together, 2],
      [
        /did not know its own message/,
        { ...good, outcomes: outcomes({ is: 'nobody', clients: 1 }, { is: 'own' }) },
        apart,
        2,
      ],
      [
        /not because its worker was told/,
        { ...good, outcomes: outcomes({ is: 'own' }, { is: 'nobody', clients: 1 }) },
        apart,
        2,
      ],
      [
        /not because its worker was told/,
        { ...good, outcomes: outcomes({ is: 'own' }, { is: 'delivered', to: ['C-id'] }) },
        apart,
        2,
      ],
    ];
    for (const [flaw, events, cast, workers] of flaws) {
      assert.match(findFlaw(events, cast, 'redis', workers) ?? '', flaw);
    }
  });

  it('expects silence without an adapter, unless they share a worker', () => {
    const { heardAfterMs, ...silence } = good;
    assert.equal(findFlaw(silence, apart, 'none', 2), undefined);
    assert.match(
      findFlaw({ ...silence, heardAfterMs: heardAfterMs ?? 0 }, apart, 'none', 2) ?? '',
      /nothing joins/,
    );
    assert.equal(findFlaw(good, together, 'none', 1), undefined);
    assert.match(findFlaw(silence, together, 'none', 1) ?? '', /did not hear/);
  });
});
