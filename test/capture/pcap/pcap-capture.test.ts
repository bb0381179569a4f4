import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeCommand } from '../../../src/bytes/resp-encode.ts';
import { PcapCapture } from '../../../src/capture/pcap/pcap-capture.ts';
import type { Captured } from '../../../src/model/frame.ts';
import { conversation, ipv4, ipv6, type PcapForm, pcap, tcp } from '../../support/packets.ts';

function read(file: Buffer, notes: string[] = []): Captured[] {
  const capture = new PcapCapture({ onNote: (note) => notes.push(note) });
  return [...capture.push(file), ...capture.end()];
}

const told = (captured: readonly Captured[]): string[] =>
  captured
    .flatMap((one) => (one.is === 'frame' ? [one.frame] : []))
    .map(({ command, payload }) => `${command ?? ''} ${Buffer.from(payload ?? []).toString('latin1')}`);

const publish = (text: string): Buffer => encodeCommand(['PUBLISH', 'socket.io#/#', text]);
const SENT = conversation(Buffer.concat([publish('one'), publish('two')]), Buffer.from(':1\r\n:1\r\n'), 20);
const mac = Buffer.alloc(12);
const type = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('PcapCapture', () => {
  const links: Readonly<Record<string, { linkType: number; header: Buffer }>> = {
    raw: { linkType: 101, header: Buffer.alloc(0) },
    'Ethernet with two tags': { linkType: 1, header: Buffer.concat([mac, type('88a80001810000020800')]) },
    'Linux cooked': { linkType: 113, header: Buffer.concat([Buffer.alloc(14), type('0800')]) },
    'Linux cooked v2': { linkType: 276, header: Buffer.concat([type('0800'), Buffer.alloc(18)]) },
    loopback: { linkType: 0, header: type('02000000') },
  };
  for (const [name, { linkType, header }] of Object.entries(links)) {
    test(`reads ${name}, in both byte orders and resolutions`, () => {
      const frames = SENT.map((one) => ({
        time: one.time,
        // Padding behind the packet is not payload.
        bytes: Buffer.concat([header, ipv4(one.from, tcp(one), undefined, 8), Buffer.alloc(6)]),
      }));
      const forms: PcapForm[] = [
        {},
        { isLittle: false },
        { isNanos: true },
        { isLittle: false, isNanos: true },
      ];
      for (const form of forms) {
        assert.deepEqual(told(read(pcap(frames, { ...form, linkType }))), ['PUBLISH one', 'PUBLISH two']);
      }
    });
  }

  test('reads IPv6 behind extension headers and names the client like MONITOR', () => {
    const frames = SENT.map((one) => ({ time: one.time, bytes: ipv6(one.from, tcp(one)) }));
    const [first] = read(pcap(frames));
    assert.equal(first?.is === 'frame' ? first.frame.client : '', '[::1]:50000');
  });

  test('puts IP fragments together', () => {
    const frames = SENT.flatMap((one) => {
      const whole = tcp(one);
      const parts = [
        ipv4(one.from, whole.subarray(16), [16, false]),
        ipv4(one.from, whole.subarray(0, 16), [0, true]),
      ];
      return parts.map((bytes) => ({ time: one.time, bytes }));
    });
    assert.deepEqual(told(read(pcap(frames))), ['PUBLISH one', 'PUBLISH two']);
  });

  test('reports what transactions, scripts and refusals really published', () => {
    const notes: string[] = [];
    const captured = read(readFileSync('fixtures/pcap/oddities/capture.pcap'), notes);
    const events = told(captured)
      .filter((line) => /MESSAGE|PUBLISH/.test(line))
      .map((line) => `${line.split(' ')[0] ?? ''} ${/"data":\["([^"]*)/.exec(line)?.[1] ?? ''}`);
    assert.deepEqual(events, [
      'PUBLISH pipelined 1',
      'PUBLISH pipelined 2',
      'PUBLISH in MULTI',
      'PUBLISH in MULTI too',
      'PUBLISH typed',
      'PMESSAGE by script',
      'PUBLISH by a subscriber',
    ]);
    const added = captured.find((one) => one.is === 'frame' && one.frame.command === 'XADD');
    assert.match(added?.is === 'frame' ? (added.frame.entry?.id ?? '') : '', /^\d{13}-0$/);
    assert.equal(captured.filter((one) => one.is === 'other' && /REFUSED/.test(one.command)).length, 3);
    assert.deepEqual(notes, []);
  });

  test('counts TLS and says so', () => {
    const notes: string[] = [];
    const hello = conversation(Buffer.from('16030100c8010000c40303', 'hex'), Buffer.from('160303', 'hex'));
    const frames = hello.map((one) => ({ time: one.time, bytes: ipv4(one.from, tcp(one, 6380)) }));
    assert.deepEqual(read(pcap(frames), notes), []);
    assert.ok(
      notes.some((note) => /TLS .*1 connections \(port 6380: 1\)/.test(note)),
      notes.join(),
    );
  });

  test('never throws on damaged and random captures, and ends soon', () => {
    const files = readdirSync('fixtures/pcap').map((name) => {
      const folder = `fixtures/pcap/${name}`;
      return readFileSync(`${folder}/${readdirSync(folder).find((one) => one.startsWith('capture')) ?? ''}`);
    });
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 200 });
    const damaged = fc.property(fc.nat({ max: files.length - 1 }), edits, fc.nat(), (index, changes, cut) => {
      const file = Buffer.from(files[index] ?? []).subarray(0, 60_000);
      for (const [at, byte] of changes) file[24 + (at % (file.length - 24))] = byte;
      const started = performance.now();
      read(file.subarray(0, 24 + (cut % file.length)));
      assert.ok(performance.now() - started < 5000);
    });
    fc.assert(damaged, { numRuns: 150 });
    const magic = fc.constantFrom('d4c3b2a1', 'a1b2c3d4', '0a0d0d0a1c0000004d3c2b1a');
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 2000 }), (start, rest) => {
        read(Buffer.concat([Buffer.from(start, 'hex'), rest]));
      }),
      { numRuns: 300 },
    );
  });
});
