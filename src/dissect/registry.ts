import type { Frame } from '../model/frame.ts';
import type { Finding, Message, UndecodedError } from '../model/message.ts';
import { placeInBase64 } from './base64-msgpack.ts';
import { isAdapterChannel } from './channel.ts';
import { classicBroadcast } from './classic-broadcast.ts';
import { classicRequest, classicResponse } from './classic-requests.ts';
import { cluster } from './cluster.ts';
import type { Dissector } from './dissector.ts';
import type { Draft } from './fields.ts';
import { googollee } from './googollee.ts';
import { laravel } from './laravel.ts';
import { Memory } from './memory.ts';
import { netty } from './netty.ts';
import { phpBinary } from './php-binary.ts';
import { python } from './python.ts';
import { isSessionKey, session } from './session.ts';
import { socketioxide } from './socketioxide.ts';
import { streamEntry } from './streams.ts';
import { subscription } from './subscription.ts';
import { findOddValues } from './value-findings.ts';
import { type Refusal, View } from './view.ts';

/** Every dialect, in the order in which they are asked; the first that fits reads the frame. */
const DISSECTORS: readonly Dissector[] = [
  subscription,
  streamEntry,
  session,
  cluster,
  classicBroadcast,
  classicRequest,
  classicResponse,
  python,
  socketioxide,
  googollee,
  netty,
  laravel,
  phpBinary,
];

export interface DissectOptions {
  /** Prefixes that the user named: their channels are an adapter's, whatever is published there. */
  readonly keys?: readonly string[];
  readonly memory?: Memory;
}

/**
 * Turns a frame into a message. Answers undefined for a frame that is nobody's adapter traffic; whatever is on an
 * adapter's channel and cannot be read is a message of kind `undecoded`. Never throws on any payload.
 */
export function dissect(frame: Frame, options: DissectOptions = {}): Message | undefined {
  const view = new View(frame, options.keys ?? []);
  const memory = options.memory ?? new Memory();
  const refusals: Refusal[] = [];
  for (const dissector of DISSECTORS) {
    const answer = dissector.dissect(view, memory);
    if (answer === undefined) continue;
    if ('kind' in answer) return withFindings(answer, view);
    refusals.push(...answer);
  }
  if (frame.channels !== undefined || !isMeant(view)) return undefined;
  return toUndecoded(view, refusals);
}

function isMeant(view: View): boolean {
  if (view.frame.entry !== undefined) return false;
  return view.channel === undefined || isSessionKey(view) || isAdapterChannel(view.channel, view.keys);
}

function toUndecoded(view: View, refusals: readonly Refusal[]): Message {
  const message: Draft = { kind: 'undecoded', raw: view.bytes, error: explainRefusals(view.bytes, refusals) };
  if (view.name !== undefined) {
    message.key = view.name.key;
    if (view.name.nsp !== undefined) message.nsp = view.name.nsp;
  }
  return withFindings(message, view);
}

/** The reading that got furthest stands for all; every reading is listed. */
function explainRefusals(bytes: Uint8Array, refusals: readonly Refusal[]): UndecodedError {
  const tried = refusals.map(({ as, why }) => ({ as, why }));
  if (bytes.length === 0) return { code: 'empty', message: 'The payload is empty.', offset: 0, tried };
  const best = [...refusals].sort((a, b) => rank(b) - rank(a))[0];
  if (best === undefined)
    return { code: 'unknown-encoding', message: 'No known dialect starts like this.', offset: 0, tried };
  const message = `${best.why}, read as ${best.as}`;
  return { code: best.code, message, ...(best.offset === undefined ? {} : { offset: best.offset }), tried };
}

/** A value of the wrong shape was at least decoded whole: it says more than one that broke off. */
function rank(refusal: Refusal): number {
  if (refusal.code === 'too-deep') return Number.POSITIVE_INFINITY;
  return (refusal.offset ?? 0) + (refusal.code === 'wrong-shape' ? 1_000_000_000 : 0);
}

/** Adds what is odd about the channel's name and about the values, whichever dialect it is. */
function withFindings(message: Message, view: View): Message {
  const { body } = message;
  const inBody = [...(message.findings ?? []), ...(body === undefined ? [] : findOddValues(body.root))];
  const findings = body?.wrapped === 'base64' ? inBody.map(placeInText) : inBody;
  if (view.channel?.includes('\ufffd') === true) findings.push(BROKEN_CHANNEL);
  return findings.length === 0 ? message : { ...message, findings };
}

/** A finding in what was stored as base64, at its place in the payload. */
function placeInText(finding: Finding): Finding {
  return finding.offset === undefined ? finding : { ...finding, offset: placeInBase64(finding.offset) };
}

const BROKEN_CHANNEL: Finding = {
  code: 'channel-not-utf8',
  severity: 'warning',
  message: 'The channel name is not valid UTF-8; U+FFFD stands for what is not.',
};
