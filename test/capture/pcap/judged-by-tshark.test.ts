import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { PcapCapture, type PcapOptions } from '../../../src/capture/pcap/pcap-capture.ts';
import type { Captured, Frame } from '../../../src/model/frame.ts';
import { commandsByTshark, deliveriesByTshark, type SeenCommand } from '../../support/tshark.ts';

const directory = mkdtempSync(join(tmpdir(), 'sio-inspect-pcap-'));
after(() => {
  rmSync(directory, { recursive: true });
});

const FILES = [
  { name: 'ioredis', file: 'fixtures/pcap/ioredis/capture.pcap', port: 7411, isResp2: false },
  { name: 'node-redis', file: 'fixtures/pcap/node-redis/capture.pcapng', port: 7412, isResp2: true },
  {
    name: 'node-redis in RESP3',
    file: 'fixtures/pcap/node-redis-resp3/capture.pcapng',
    port: 7413,
    isResp2: false,
  },
] as const;

interface Read {
  readonly frames: Frame[];
  readonly captured: Captured[];
  readonly notes: string[];
}

function read(file: string, options: PcapOptions = {}): Read {
  const notes: string[] = [];
  const capture = new PcapCapture({ ...options, onNote: (note) => notes.push(note) });
  const captured = [...capture.push(readFileSync(file)), ...capture.end()];
  const frames = captured.flatMap((one) => (one.is === 'frame' ? [one.frame] : []));
  return { frames, captured, notes };
}

interface Told {
  readonly client: string | undefined;
  readonly time: number | undefined;
  readonly channel: string;
  readonly payload: string;
}

/** Short, because a difference between long texts takes minutes to print. */
const digest = (bytes: Uint8Array | undefined): string =>
  createHash('sha1')
    .update(bytes ?? '')
    .digest('hex');
const latin1 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

function published({ frames }: Read): Told[] {
  return frames
    .filter(({ command }) => command === 'PUBLISH')
    .map(({ client, time, channel, payload }) => ({
      client,
      time,
      channel: latin1(channel),
      payload: digest(payload),
    }));
}

function publishedByTshark(commands: readonly SeenCommand[]): Told[] {
  return (
    commands
      .filter(({ args }) => latin1(args[0]).toUpperCase() === 'PUBLISH')
      // Interface "any" brings each packet twice, and tshark shows the copy of a long command without its payload.
      .filter(({ args }) => (args[2]?.length ?? 0) > 0)
      .map(({ client, time, args }) => ({ client, time, channel: latin1(args[1]), payload: digest(args[2]) }))
  );
}

const byContent = (told: readonly Told[]): string[] =>
  told.map(({ channel, payload }) => `${channel} ${payload}`).sort();

/** A changed copy of a capture, by one of Wireshark's own tools. */
function changed(name: string, tool: string, args: (out: string) => readonly string[]): string {
  const out = join(directory, name);
  execFileSync(tool, args(out), { stdio: 'ignore' });
  return out;
}

describe('PcapCapture sees what tshark sees', () => {
  for (const { name, file, port, isResp2 } of FILES) {
    const truth = publishedByTshark(commandsByTshark(file, port));

    test(`${name}: every publish, its client, its time and its bytes, once`, () => {
      assert.ok(truth.length >= 29);
      const seen = read(file);
      assert.deepEqual(published(seen), truth);
      assert.deepEqual(seen.notes, []);
      assert.deepEqual(published(read(file, { ports: [port] })), truth);
      assert.deepEqual(published(read(file, { ports: [port + 1] })), []);
      assert.ok(
        seen.frames.every(({ command }) => !/MESSAGE/.test(command ?? '')),
        'deliveries repeat publishes',
      );
    });

    test(`${name}: the same in another form, with copies of packets and out of order`, () => {
      const nanos = changed(`${port}-ns.pcap`, 'editcap', (out) => ['-F', 'nsecpcap', file, out]);
      assert.deepEqual(published(read(nanos)), truth);
      const again = changed(`${port}-twice.pcapng`, 'mergecap', (out) => ['-w', out, file, file]);
      assert.deepEqual(published(read(again)), truth);
      const micro = changed(`${port}-us.pcap`, 'editcap', (out) => ['-F', 'pcap', file, out]);
      const shuffled = join(directory, `${port}-shuffled.pcap`);
      writeFileSync(shuffled, shuffle(readFileSync(micro)));
      assert.deepEqual(byContent(published(read(shuffled))), byContent(truth));
    });

    test(`${name}: read byte by byte`, () => {
      const capture = new PcapCapture();
      const captured: Captured[] = [];
      for (const byte of readFileSync(file)) captured.push(...capture.push(Buffer.from([byte])));
      captured.push(...capture.end());
      const frames = captured.flatMap((one) => (one.is === 'frame' ? [one.frame] : []));
      assert.deepEqual(published({ frames, captured, notes: [] }), truth);
    });

    test(`${name}: cut packets are said once and are gaps, and nothing cut is shown`, () => {
      const cut = changed(`${port}-cut.pcap`, 'editcap', (out) => ['-F', 'pcap', '-s', '300', file, out]);
      const seen = read(cut);
      const known = new Set(byContent(truth));
      const found = byContent(published(seen));
      assert.ok(found.length < truth.length && found.length > 0);
      assert.deepEqual(
        found.filter((one) => !known.has(one)),
        [],
      );
      assert.equal(seen.notes.filter((note) => /snaplen/.test(note)).length, 1);
      assert.ok(seen.captured.some((one) => one.is === 'gap' && one.gap.reason === 'truncated'));
    });

    test(`${name}: dropped packets are gaps, what is there is seen and nothing is made up`, () => {
      const known = new Set(byContent(truth));
      for (let first = 20; first < 60; first += 4) {
        const lost = changed(`${port}-lost-${first}.pcap`, 'editcap', (out) => [
          '-F',
          'pcap',
          file,
          out,
          String(first),
        ]);
        const seen = read(lost);
        const found = seen.frames.filter(({ payload }) => payload !== undefined);
        const told = found.map(({ channel, payload }) => `${latin1(channel)} ${digest(payload)}`);
        assert.deepEqual(
          told.filter((one) => !known.has(one)),
          [],
        );
        assert.ok(new Set(told).size >= known.size - 1, `packet ${first}: ${told.length} of ${known.size}`);
        assert.deepEqual(
          seen.captured.filter((one) => one.is === 'unframed'),
          [],
        );
      }
    });

    test(`${name}: a capture that starts in the middle skips up to the next command`, () => {
      const micro = changed(`${port}-whole.pcap`, 'editcap', (out) => ['-F', 'pcap', file, out]);
      const late = changed(`${port}-late.pcap`, 'editcap', (out) => [micro, out, '1-60']);
      const seen = byContent(published(read(late)));
      const expected = publishedByTshark(commandsByTshark(late, port));
      assert.deepEqual(seen, byContent(expected));
    });

    if (isResp2) {
      test(`${name}: with all deliveries each of them is a frame`, () => {
        const { frames } = read(file, { allDeliveries: true });
        const told = frames
          .filter(({ command }) => command === 'MESSAGE' || command === 'PMESSAGE')
          .map(({ channel, payload }) => ({ channel: latin1(channel), payload: digest(payload) }));
        // Copies of long deliveries without their payload, as above.
        const truths = deliveriesByTshark(file, port).filter(({ payload }) => payload !== '');
        const expected = truths.map(({ channel, payload }) => ({
          channel,
          payload: digest(Buffer.from(payload, 'latin1')),
        }));
        assert.deepEqual(told, expected);
      });
    }
  }
});

/** Swaps packets with others nearby, keeping their times: what several queues of a network card do. */
function shuffle(file: Buffer): Buffer {
  const records: Buffer[] = [];
  for (let at = 24; at < file.length;) {
    const length = 16 + file.readUInt32LE(at + 8);
    records.push(file.subarray(at, at + length));
    at += length;
  }
  const order = records.map((record, index) => ({ record, place: index + ((index * 7919) % 6) }));
  return Buffer.concat([
    file.subarray(0, 24),
    ...order.toSorted((a, b) => a.place - b.place).map(({ record }) => record),
  ]);
}
