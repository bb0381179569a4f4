/** A thread that says once that it has started, and then transcribes lines, order by order. */
import { parentPort, workerData } from 'node:worker_threads';
import { FORMS } from './forms.ts';
import type { Answer, Order, ThreadData } from './orders.ts';
import { Transcriber } from './transcriber.ts';

const { form, keys } = workerData as ThreadData;
const reader = FORMS[form]();
const transcriber = new Transcriber(reader, keys);

parentPort?.on('message', ({ lines, length, records, origins }: Order) => {
  if (origins !== undefined) reader.setOrigins(origins);
  const transcript = transcriber.transcribe(Buffer.from(lines, 0, length), Buffer.from(records));
  const { ends, left, payloadBytes, lastTime } = transcript;
  const hasRoom = transcript.records.buffer === records;
  const answer: Answer = {
    ends: ends.slice(),
    left: left.slice(),
    payloadBytes,
    lastTime,
    records: hasRoom ? transcript.records.length : Uint8Array.from(transcript.records),
  };
  parentPort?.postMessage(answer);
});

parentPort?.postMessage('ready');
