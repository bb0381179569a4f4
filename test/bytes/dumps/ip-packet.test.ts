import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readPacket } from '../../../src/bytes/dumps/ip-packet.ts';
import { captureTextSync } from '../../../src/capture/text/capture-text.ts';
import type { Captured } from '../../../src/model/frame.ts';

const COMMAND = Buffer.from(
  '*3\r\n$7\r\nPUBLISH\r\n$12\r\nsocket.io#/#\r\n$5\r\n\x92\xa2ab\x01\r\n',
  'latin1',
);

const directory = mkdtempSync(join(tmpdir(), 'sio-inspect-packet-'));
after(() => {
  rmSync(directory, { recursive: true });
});

function ipv4(payload: Buffer): Buffer {
  const header = Buffer.from('450000000001400040060000' + '7f0000017f000001', 'hex');
  header.writeUInt16BE(header.length + 32 + payload.length, 2);
  return Buffer.concat([header, tcp(), payload]);
}

function ipv6(payload: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x60000000, 0);
  header.writeUInt16BE(32 + payload.length, 4);
  header[6] = 6;
  header[23] = header[39] = 1;
  return Buffer.concat([header, tcp(), payload]);
}

/** From port 50550 to 6379, with 12 bytes of options. */
function tcp(): Buffer {
  return Buffer.from('c57618eb000000010000000180180200000000000101080a0000000100000001', 'hex');
}

const ethernet = (packet: Buffer, type: string): Buffer =>
  Buffer.concat([Buffer.alloc(12), Buffer.from(type, 'hex'), packet]);

const LINKS: Readonly<Record<string, Buffer>> = {
  'no link header': ipv4(COMMAND),
  'BSD loopback': Buffer.concat([Buffer.from('02000000', 'hex'), ipv4(COMMAND)]),
  Ethernet: ethernet(ipv4(COMMAND), '0800'),
  'Ethernet with padding': Buffer.concat([ethernet(ipv4(COMMAND), '0800'), Buffer.alloc(6)]),
  'Ethernet with VLAN tag': ethernet(ipv4(COMMAND), '810000050800'),
  'Ethernet with IPv6': ethernet(ipv6(COMMAND), '86dd'),
  'Linux cooked v1': Buffer.concat([Buffer.alloc(14), Buffer.from('0800', 'hex'), ipv4(COMMAND)]),
  'Linux cooked v2': Buffer.concat([Buffer.from('0800', 'hex'), Buffer.alloc(18), ipv4(COMMAND)]),
};

function assertPublish(captured: readonly Captured[]): void {
  assert.equal(captured.length, 1, JSON.stringify(captured));
  const [first] = captured;
  assert.ok(first?.is === 'frame', JSON.stringify(first));
  assert.equal(first.frame.command, 'PUBLISH');
  assert.equal(Buffer.from(first.frame.payload ?? []).toString('hex'), '92a2616201');
}

describe('readPacket', () => {
  for (const [name, bytes] of Object.entries(LINKS)) {
    it(`finds the TCP payload behind ${name}`, () => {
      const packet = readPacket(bytes);
      assert.ok(packet?.is === 'segment');
      assert.ok(COMMAND.equals(packet.payload));
    });
  }

  it('says how much a short snaplen cut off, and reads nothing else as a packet', () => {
    const packet = readPacket(ethernet(ipv4(COMMAND), '0800').subarray(0, 96));
    assert.ok(packet?.is === 'cut');
    assert.equal(packet.missingBytes, 14 + 20 + 32 + COMMAND.length - 96);
    assert.equal(readPacket(COMMAND), undefined);
    assert.equal(readPacket(Buffer.alloc(200, 0x45)), undefined);
    assert.equal(readPacket(Buffer.alloc(0)), undefined);
  });
});

describe('a dumped packet', () => {
  it('as tshark -x prints it: the command inside, and a note on the rest', () => {
    const notes: string[] = [];
    const printed = tshark(ethernet(ipv4(COMMAND), '0800'));
    assert.match(printed, /^0000 {2}/m);
    assertPublish(captureTextSync(Buffer.from(printed), { onNote: (note) => notes.push(note) }));
    assert.match(notes.join('\n'), /headers of Ethernet, IP and TCP/);
  });

  it('as tcpdump -X and -x print it, behind its summary', () => {
    const summary =
      '12:00:00.000001 IP localhost.50550 > localhost.6379: Flags [P.], seq 1:54, ack 1, length 53\n';
    const rows = rowsOf(ipv4(COMMAND));
    const withText = rows
      .map(({ at, groups, text }) => `\t0x${at}:  ${groups.padEnd(39)}  ${text}`)
      .join('\n');
    const without = rows.map(({ at, groups }) => `\t0x${at}:  ${groups}`).join('\n');
    assertPublish(captureTextSync(Buffer.from(`${summary}${withText}\n`)));
    assertPublish(captureTextSync(Buffer.from(`${summary}${without}\n`)));
    assert.equal(captureTextSync(Buffer.from(`${summary}${without}\n${summary}${without}\n`)).length, 2);
  });

  it('that is empty, cut or the middle of a command is no message', () => {
    assert.deepEqual(captureTextSync(Buffer.from(tshark(ethernet(ipv4(Buffer.alloc(0)), '0800')))), []);
    const [cut] = captureTextSync(ethernet(ipv4(COMMAND), '0800').subarray(0, 96));
    assert.ok(cut?.is === 'unframed' && cut.unframed.code === 'lost-bytes');
    assert.match(cut.unframed.message, /snaplen.*-s 0/);
    const [middle] = captureTextSync(ethernet(ipv4(COMMAND.subarray(20)), '0800'));
    assert.ok(middle?.is === 'unframed' && /pcap/.test(middle.unframed.message));
  });
});

function rowsOf(packet: Buffer): { at: string; groups: string; text: string }[] {
  return Array.from({ length: Math.ceil(packet.length / 16) }, (_, index) => {
    const row = packet.subarray(index * 16, index * 16 + 16);
    return {
      at: (index * 16).toString(16).padStart(4, '0'),
      groups: (row.toString('hex').match(/.{1,4}/g) ?? []).join(' '),
      text: row.toString('latin1').replaceAll(/[^ -~]/g, '.'),
    };
  });
}

function tshark(frame: Buffer): string {
  const file = join(directory, 'one.pcap');
  const global = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  const record = Buffer.alloc(16);
  record.writeUInt32LE(1_700_000_000, 0);
  record.writeUInt32LE(frame.length, 8);
  record.writeUInt32LE(frame.length, 12);
  writeFileSync(file, Buffer.concat([global, record, frame]));
  return execFileSync('tshark', ['-r', file, '-x'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
}
