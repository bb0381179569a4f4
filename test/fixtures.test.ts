import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { differences, type Fields } from '../scripts/fixtures/compare.ts';
import { readMonitorLine } from '../src/bytes/monitor-line.ts';
import { quoteBytes } from '../src/bytes/sds-repr.ts';
import { isAdapterChannel } from '../src/dissect/channel.ts';
import { decodeCapture } from '../src/index.ts';

const ROOT = 'fixtures';
/** What a form of the same message cannot tell is not compared: a dump has neither command nor channel. */
const CARRIER = ['command', 'client', 'db', 'channel', 'key'];
/** For a whole fixture, every message at every offset: a hang, not slowness, is what this catches. */
const TRUNCATION_LIMIT_MS = 60_000;

const cases = readdirSync(ROOT, { withFileTypes: true })
  .filter((dialect) => dialect.isDirectory())
  .flatMap(({ name }) => readdirSync(join(ROOT, name)).map((one) => join(ROOT, name, one)))
  .filter((folder) => existsSync(join(folder, 'expected.json')))
  .sort();

function inputsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('input.'))
    .map((name) => join(folder, name));
}

function expectedOf(folder: string): Fields[] {
  return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Fields[];
}

function decode(input: Uint8Array | string): Fields[] {
  return decodeCapture(input).map((record) => ({ ...record }));
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

test('every dialect that the programs of scripts/fixtures write has fixtures', () => {
  const dialects = new Set(cases.map((folder) => folder.split(/[\\/]/)[1]));
  for (const dialect of ['classic', 'sharded', 'streams', 'emitter', 'python', 'mixed']) {
    assert.ok(dialects.has(dialect), dialect);
  }
});

describe('decodeCapture says what the sender sent', () => {
  for (const folder of cases) {
    for (const file of inputsOf(folder)) {
      test(file, () => {
        const isDump = inputsOf(folder).length > 1;
        const simplify = (fields: Fields): Fields => (isDump ? without(fields, CARRIER) : fields);
        const expected = expectedOf(folder).map(simplify);
        const records = decode(readFileSync(file)).map(simplify);
        const found = expected.flatMap((truth, index) =>
          differences(records[index], truth).map((line) => `record ${index + 1}: ${line}`),
        );
        assert.equal(found.slice(0, 20).join('\n'), '');
        assert.equal(records.length, expected.length);
      });
    }
  }
});

describe('decodeCapture of a payload cut at any offset is an undecoded record, never a throw', () => {
  for (const folder of cases) {
    for (const file of inputsOf(folder).filter((name) => name.endsWith('.monitor'))) {
      test(file, { timeout: TRUNCATION_LIMIT_MS }, () => {
        for (const line of readFileSync(file, 'latin1').split('\n').filter(Boolean)) cutEverywhere(line);
      });
    }
  }
});

/** Where the payload stands among the arguments of the commands that carry one. */
function payloadIndex(command: string, args: readonly Uint8Array[]): number | undefined {
  if (['PUBLISH', 'SPUBLISH', 'SET'].includes(command)) return 2;
  if (command !== 'XADD') return undefined;
  const data = args.findIndex((arg, index) => index > 5 && Buffer.from(arg).toString() === 'data');
  return data === -1 ? undefined : data + 1;
}

function cutEverywhere(line: string): void {
  const { args } = readMonitorLine(Buffer.from(line, 'latin1'));
  const [command, channel] = args.slice(0, 2).map((arg) => Buffer.from(arg).toString());
  const at = payloadIndex((command ?? '').toUpperCase(), args);
  const payload = at === undefined ? undefined : args[at];
  if (at === undefined || payload === undefined) return;
  const words = args.map((arg) => quoteBytes(arg));
  const head = line.slice(0, line.indexOf(']') + 1);
  for (let end = 0; end < payload.length; end++) {
    const cut = words.with(at, quoteBytes(payload.subarray(0, end)));
    const records = decode(`${head} ${cut.join(' ')}\n`);
    // What is on nobody's channel and reads as nothing is a stranger's message, not a record.
    const isCertain = at > 2 || command?.toUpperCase() === 'SET' || isAdapterChannel(channel ?? '', []);
    if (isCertain) assert.equal(records.length, 1, `${channel ?? ''} cut at ${end}`);
    for (const record of records) {
      // A stream entry without data is a whole message; any other cut leaves a broken one.
      if (at === 2 || end > 0) assert.equal(record.kind, 'undecoded', `${channel ?? ''} cut at ${end}`);
    }
  }
}
