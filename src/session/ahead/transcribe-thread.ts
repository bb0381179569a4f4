/** A thread that says once that it has started, and then transcribes lines, order by order. */
import { parentPort, workerData } from 'node:worker_threads';
import { asBuffer } from '../../bytes/decode-error.ts';
import { FORMS } from './forms.ts';
import type { Answer, Order, ThreadData } from './orders.ts';
import { Transcriber } from './transcriber.ts';

const { form, keys } = workerData as ThreadData;
const reader = FORMS[form]();
const transcriber = new Transcriber(reader, keys);

parentPort?.on('message', ({ lines, records, origins }: Order) => {
  if (origins !== undefined) reader.setOrigins(origins);
  const transcript = transcriber.transcribe(asBuffer(lines), asBuffer(records));
  const answer: Answer = {
    ...transcript,
    lines,
    ends: transcript.ends.slice(),
    left: transcript.left.slice(),
  };
  const memory = [answer.lines, answer.records, answer.ends, answer.left].map(({ buffer }) => buffer);
  parentPort?.postMessage(answer, memory as ArrayBuffer[]);
});

parentPort?.postMessage('ready');
