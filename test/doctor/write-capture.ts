import { Readable } from 'node:stream';
import { encode } from '@msgpack/msgpack';
import type { KnownGroup } from '../../src/analyse/correlate-peers.ts';
import { quoteBytes } from '../../src/bytes/sds-repr.ts';
import { captureInputSync } from '../../src/capture/capture-input.ts';
import type { Look } from '../../src/doctor/evidence.ts';
import type { Report } from '../../src/doctor/examine.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { Traffic } from '../../src/doctor/traffic.ts';
import { writeLook } from '../../src/doctor/recorded-look.ts';
import { LineWriter } from '../../src/recording/line-writer.ts';
import { diagnoseCapture } from '../../src/session/diagnose-capture.ts';
import { type OfflineInput, readOffline } from '../../src/session/offline.ts';

/** A command as MONITOR prints it; `at` in seconds. */
export interface Line {
  readonly at: number;
  readonly client?: string;
  readonly db?: number;
  readonly words: readonly (string | Uint8Array)[];
}

const START = 1_795_390_000;

/** What MONITOR would have printed. */
export function writeMonitor(lines: readonly Line[]): string {
  return [...lines]
    .sort((a, b) => a.at - b.at)
    .map(({ at, client = '10.0.0.1:5000', db = 0, words }) => {
      const quoted = words.map((word) => quoteBytes(typeof word === 'string' ? Buffer.from(word) : word));
      return `${(START + at).toFixed(6)} [${db} ${client}] ${quoted.join(' ')}\n`;
    })
    .join('');
}

async function* inputsOf(...texts: readonly (string | Uint8Array)[]): AsyncIterable<OfflineInput> {
  for (const text of texts)
    yield await Promise.resolve({ name: 'capture.txt', chunks: Readable.from([Buffer.from(text)]) });
}

/** A look, as far as who is subscribed to the classic channels of `/` goes; `at` in seconds, as in `Line`. */
export interface Seen {
  readonly at: number;
  readonly uids: readonly string[];
  /** Where it is not the number of uids. */
  readonly counted?: number;
}

/** What the header of a recording may say beside the usual. */
export interface Heading {
  readonly url?: string;
  readonly startedAt?: string;
  readonly filter?: readonly string[];
  readonly redaction?: readonly string[];
}

/** What `record --via monitor` would have written. */
export function writeRecording(
  lines: readonly Line[],
  looks: readonly Seen[],
  { url = 'redis://127.0.0.1:6379', ...heading }: Heading = {},
): string {
  const writer = new LineWriter();
  const frames = lines.map((line) => ({
    at: line.at,
    items: captureInputSync(Buffer.from(writeMonitor([line]))),
  }));
  const seen = looks.map((look) => ({
    at: look.at,
    items: [{ is: 'look', look: writeLook(toLook(look, url.replace('redis://', ''))) } as const],
  }));
  const text = [...frames, ...seen]
    .sort((a, b) => a.at - b.at)
    .flatMap(({ items }) => items.map((item) => writer.write(item)));
  const source = { via: ['monitor'], url };
  const header = { sioInspectRecording: 1, tool: 'test', startedAt: '', source, ...heading };
  return `${JSON.stringify(header)}\n${text.join('')}{"end":{"frames":0,"gaps":0,"time":""}}\n`;
}

function toLook({ at, uids, counted = uids.length }: Seen, node: string): Look {
  return {
    from: momentOf(at),
    to: momentOf(at) + 1000,
    facts: { node, product: 'Redis', mode: 'standalone' },
    groups: counted === 0 ? [] : [{ adapter: 'redis', key: 'socket.io', nsp: '/', uids, counted }],
    nodes: [{ node, role: 'primary' }],
    unknownCommands: [],
    denials: [],
    unreached: [],
    hidden: [],
  };
}

/** What was observed until a moment, for rules that also need looks; `groups` as a look found them. */
export async function trafficOf(
  lines: readonly Line[],
  groups: readonly KnownGroup[] = [],
  until?: number,
): Promise<Traffic> {
  const traffic = new Traffic({ patienceMs: 1000 });
  traffic.setServers(groups);
  for await (const batch of readOffline(inputsOf(writeMonitor(lines)), {})) {
    for (const observed of batch) traffic.add(observed);
  }
  traffic.finish(until === undefined ? undefined : momentOf(until));
  return traffic;
}

/** The moment `at` of a capture, in microseconds since 1970. */
export function momentOf(at: number): number {
  return (START + at) * 1e6;
}

/** What the doctor says of a capture, by the rules that are named or by all. */
export function examineText(text: string | Uint8Array, ...names: readonly string[]): Promise<Report> {
  const chosen = names.length === 0 ? rules : rules.filter(({ name }) => names.includes(name));
  return diagnoseCapture(inputsOf(text), { rules: chosen });
}

/** What the doctor says of several captures, read one after the other as one. */
export function examineTogether(...texts: readonly string[]): Promise<Report> {
  return diagnoseCapture(inputsOf(...texts), { rules });
}

export function namesOf({ cases }: Report): readonly string[] {
  return [...new Set(cases.map(({ rule }) => rule.name))];
}

/** Why a rule was not checked; undefined where it was. */
export function whyUnchecked({ unchecked }: Report, name: string): string | undefined {
  return unchecked.find(({ rule }) => rule.name === name)?.why;
}

/** Subscriptions of a classic server with its own channel (@socket.io/redis-adapter 8.3, lib/index.ts). */
export function subscribeClassic(
  uid: string,
  client: string,
  { at = 0, key = 'socket.io', nsp = '/' } = {},
): readonly Line[] {
  const response = `${key}-response#${nsp}#`;
  return [
    { at, client, words: ['psubscribe', `${key}#${nsp}#*`] },
    {
      at,
      client,
      words: ['subscribe', `${key}-request#${nsp}#`, response, `${response}${uid}#`],
    },
  ];
}

export interface Said {
  readonly at: number;
  readonly uid: string;
  readonly client?: string;
  readonly db?: number;
  readonly key?: string;
  readonly nsp?: string;
  readonly event?: string;
  readonly args?: readonly unknown[];
  readonly rooms?: readonly string[];
}

/** A broadcast of a classic server or of an emitter. */
export function sayClassic({
  at,
  uid,
  client,
  db,
  key = 'socket.io',
  nsp = '/',
  event = 'news',
  args = [at],
  rooms = [],
}: Said): Line {
  const payload = encode([uid, { type: 2, data: [event, ...args], nsp }, { rooms, except: [], flags: {} }]);
  return {
    at,
    words: ['publish', `${key}#${nsp}#`, payload],
    ...(client === undefined ? {} : { client }),
    ...(db === undefined ? {} : { db }),
  };
}

/** A broadcast of the sharded adapter, on the channel of its room where it has just one. */
export function saySharded({
  at,
  uid,
  client,
  nsp = '/',
  event = 'news',
  args = [at],
  rooms = [],
}: Said): Line {
  const opts = { rooms, except: [], flags: {} };
  const body = { type: 3, data: { packet: { type: 2, data: [event, ...args] }, opts }, uid, nsp };
  const channel = rooms.length === 1 ? `socket.io#${nsp}#${rooms[0] ?? ''}#` : `socket.io#${nsp}#`;
  return {
    at,
    words: ['spublish', channel, JSON.stringify(body)],
    ...(client === undefined ? {} : { client }),
  };
}
