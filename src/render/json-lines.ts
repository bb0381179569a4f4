import type { Frame, Gap, Unframed } from '../model/frame.ts';
import type { Finding, Message, UndecodedError } from '../model/message.ts';
import type { Observed } from '../model/observed.ts';
import { base64, quoteJson, writeJsonList, writeJsonValue } from './json-value.ts';

/** One record as a line of JSON without its line end (output contract §1). */
export function writeRecord(observed: Observed): string {
  switch (observed.is) {
    case 'message':
      return writeMessage(observed.seq, observed.frame, observed.message);
    case 'gap':
      return writeGap(observed.seq, observed.gap);
    case 'unframed':
      return writeUnframed(observed.seq, observed.unframed);
  }
}

function writeMessage(seq: number, frame: Frame, message: Message): string {
  let text = `{"v":1,"seq":${seq}`;
  text += writeOrigin(frame);
  if (frame.entry?.id !== undefined) text += `,"entryId":${quoteJson(frame.entry.id)}`;
  if (message.key !== undefined) text += `,"key":${quoteJson(message.key)}`;
  if (message.adapter !== undefined) text += `,"adapter":"${message.adapter}"`;
  if (message.version !== undefined) text += `,"version":${quoteJson(message.version)}`;
  if (message.encoding !== undefined) text += `,"encoding":"${message.encoding}"`;
  const bytes = frame.payload?.length ?? (frame.entry === undefined ? undefined : 0);
  if (bytes !== undefined) text += `,"bytes":${bytes}`;
  text += `,"kind":"${message.kind}"`;
  text += writeHead(message);
  text += writeSelection(message);
  return `${text + writeTail(message)}}`;
}

function writeOrigin(frame: Frame): string {
  let text = frame.time === undefined ? '' : `,"time":"${formatTime(frame.time)}"`;
  text += `,"via":"${frame.via}"`;
  if (frame.recordedVia !== undefined) text += `,"recordedVia":"${frame.recordedVia}"`;
  if (frame.node !== undefined) text += `,"node":${quoteJson(frame.node)}`;
  if (frame.client !== undefined) text += `,"client":${quoteJson(frame.client)}`;
  if (frame.db !== undefined) text += `,"db":${frame.db}`;
  if (frame.command !== undefined) text += `,"command":${quoteJson(frame.command)}`;
  if (frame.channel !== undefined) text += `,"channel":${quoteJson(utf8(frame.channel))}`;
  if (frame.channels !== undefined)
    text += `,"channels":[${frame.channels.map((name) => quoteJson(utf8(name))).join()}]`;
  return text;
}

function writeHead(message: Message): string {
  let text = '';
  if (message.type !== undefined) text += `,"type":${quoteJson(message.type)}`;
  if (message.typeCode !== undefined) text += `,"typeCode":${message.typeCode}`;
  if (message.uid !== undefined) text += `,"uid":${quoteJson(message.uid)}`;
  if (message.nsp !== undefined) text += `,"nsp":${quoteJson(message.nsp)}`;
  if (message.room !== undefined) text += `,"room":${quoteJson(message.room)}`;
  if (message.packetType !== undefined) text += `,"packetType":${message.packetType}`;
  if (message.event !== undefined) text += `,"event":${quoteJson(message.event)}`;
  if (message.args !== undefined) text += `,"args":${writeJsonList(message.args)}`;
  if (message.ackId !== undefined) text += `,"ackId":${writeJsonValue(message.ackId)}`;
  return text;
}

function writeSelection(message: Message): string {
  let text = '';
  if (message.rooms !== undefined) text += `,"rooms":${writeJsonList(message.rooms)}`;
  if (message.except !== undefined) text += `,"except":${writeJsonList(message.except)}`;
  if (message.flags !== undefined) text += `,"flags":${writeJsonValue(message.flags)}`;
  if (message.requestId !== undefined) text += `,"requestId":${quoteJson(message.requestId)}`;
  return text;
}

function writeTail(message: Message): string {
  let text = '';
  if (message.payload !== undefined) {
    const fields = message.payload.map(([name, value]) => `${quoteJson(name)}:${writeJsonValue(value)}`);
    text += `,"payload":{${fields.join()}}`;
  }
  if (message.inferred !== undefined) text += `,"inferred":${JSON.stringify(message.inferred)}`;
  if (message.findings !== undefined) text += `,"findings":[${message.findings.map(writeFinding).join()}]`;
  if (message.error !== undefined) text += `,"error":${writeError(message.error)}`;
  if (message.raw !== undefined) text += `,"raw":"${base64(message.raw)}"`;
  return text;
}

function writeFinding(finding: Finding): string {
  const offset = finding.offset === undefined ? '' : `,"offset":${finding.offset}`;
  return `{"code":${quoteJson(finding.code)},"severity":"${finding.severity}","message":${quoteJson(finding.message)}${offset}}`;
}

function writeError(error: UndecodedError): string {
  const offset = error.offset === undefined ? '' : `,"offset":${error.offset}`;
  const tried = error.tried.map(({ as, why }) => `{"as":${quoteJson(as)},"why":${quoteJson(why)}}`);
  return `{"code":${quoteJson(error.code)},"message":${quoteJson(error.message)}${offset},"tried":[${tried.join()}]}`;
}

function writeGap(seq: number, gap: Gap): string {
  let text = `{"v":1,"seq":${seq},"via":"${gap.via}"`;
  if (gap.recordedVia !== undefined) text += `,"recordedVia":"${gap.recordedVia}"`;
  if (gap.node !== undefined) text += `,"node":${quoteJson(gap.node)}`;
  text += `,"kind":"gap","reason":"${gap.reason}"`;
  if (gap.from !== undefined) text += `,"from":"${formatTime(gap.from)}"`;
  if (gap.to !== undefined) text += `,"to":"${formatTime(gap.to)}"`;
  if (gap.missed !== undefined) text += `,"missed":${gap.missed}`;
  return `${text}}`;
}

function writeUnframed(seq: number, unframed: Unframed): string {
  const time = unframed.time === undefined ? '' : `,"time":"${formatTime(unframed.time)}"`;
  const { code, message, offset } = unframed;
  const error = writeError({ code, message, ...(offset === undefined ? {} : { offset }), tried: [] });
  const recordedVia = unframed.recordedVia === undefined ? '' : `,"recordedVia":"${unframed.recordedVia}"`;
  return `{"v":1,"seq":${seq}${time},"via":"${unframed.via}"${recordedVia},"kind":"undecoded","error":${error},"raw":"${base64(unframed.raw)}"}`;
}

/** The second that was formatted last: in a capture the next message mostly falls into it. */
let lastSecond = Number.NaN;
let lastPrefix = '';

/** Microseconds since 1970 as ISO 8601 with six digits. */
export function formatTime(micros: number): string {
  const second = Math.floor(micros / 1e6);
  if (second !== lastSecond) {
    lastSecond = second;
    lastPrefix = new Date(second * 1000).toISOString().slice(0, -4);
  }
  return `${lastPrefix}${String(micros - second * 1e6).padStart(6, '0')}Z`;
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
