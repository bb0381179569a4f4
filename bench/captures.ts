import { join } from 'node:path';
import { encodeCommand } from '../src/bytes/resp-encode.ts';
import { Recorder } from '../src/recording/recorder.ts';
import { startLab, untilAttached, untilSettled } from './attached.ts';
import { Everyday, type Sent } from './payloads.ts';
import { PcapWriter } from './pcap-writer.ts';
import { FileSink, publish } from './publish.ts';
import { Running } from './run.ts';

const SEED = 4;
/** 2026-11-22T12:00:00Z in microseconds. */
const START_MICROS = 1_795_348_800_000_000;
const FLUSH_EACH = 4096;

/** The same messages in every form. */
export interface Captures {
  /** Length as u32 little endian, then the payload. */
  readonly payloads: string;
  readonly recording: string;
  readonly monitor: string;
  readonly pcap: string;
  /** Bytes of all payloads. */
  readonly payloadBytes: number;
}

/** Writes `count` messages of everyday traffic in every form; MONITOR text is what `redis-cli monitor` made of it. */
export async function writeCaptures(directory: string, count: number): Promise<Captures> {
  const name = (file: string): string => join(directory, file);
  const files = {
    payloads: name('payloads.bin'),
    recording: name('everyday.rec'),
    monitor: name('monitor.txt'),
    pcap: name('everyday.pcap'),
  };
  const commands = name('everyday.resp');
  const payloadBytes = await writeAll(files, commands, count);
  await writeMonitorText(commands, files.monitor);
  return { ...files, payloadBytes };
}

async function writeAll(
  files: Omit<Captures, 'payloadBytes'>,
  commands: string,
  count: number,
): Promise<number> {
  const everyday = new Everyday(SEED);
  const [payloads, resp, packets] = [files.payloads, commands, files.pcap].map((file) => new FileSink(file));
  if (payloads === undefined || resp === undefined || packets === undefined) throw new Error('No files.');
  const pcap = new PcapWriter(packets, START_MICROS);
  const recorder = await openRecorder(files.recording);
  let payloadBytes = 0;
  for (let index = 0; index < count; index++) {
    const sent = everyday.next();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(sent.payload.length);
    payloads.write(length, sent.payload);
    const command = encodeCommand(['PUBLISH', sent.channel, sent.payload]);
    resp.write(command);
    pcap.exchange(command, ONE_RECEIVER);
    record(recorder, sent, START_MICROS + index * 50);
    if (index % FLUSH_EACH === 0) await recorder.flush();
    payloadBytes += sent.payload.length;
  }
  for (const sink of [payloads, resp, packets]) sink.close();
  await recorder.close();
  return payloadBytes;
}

const ONE_RECEIVER = Buffer.from(':4\r\n');

/** A recording of `count` messages of the burst. */
export async function writeRecording(
  file: string,
  count: number,
  next: (index: number) => Sent,
): Promise<void> {
  const recorder = await openRecorder(file);
  for (let index = 0; index < count; index++) {
    record(recorder, next(index), START_MICROS + index);
    if (index % FLUSH_EACH === 0) await recorder.flush();
  }
  await recorder.close();
}

function openRecorder(file: string): Promise<Recorder> {
  return Recorder.open({ file, header: { tool: 'sio-inspect bench', source: { via: ['subscribe'] } } });
}

function record(recorder: Recorder, { channel, payload }: Sent, time: number): void {
  const frame = {
    via: 'subscribe',
    time,
    node: '127.0.0.1:6379',
    command: 'PMESSAGE',
    channel,
    payload,
  } as const;
  recorder.add({ is: 'frame', frame });
}

async function writeMonitorText(commands: string, file: string): Promise<void> {
  const lab = await startLab();
  try {
    const running = new Running(['redis-cli', '-p', String(lab.redis.port), 'monitor'], { stdout: file });
    const ids = await untilAttached(lab, running);
    await publish(lab.redis, commands);
    await untilSettled(lab, ids, file);
    await running.interrupt();
  } finally {
    await lab.stop();
  }
}
