import type { RespItems, RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Source } from '../../model/frame.ts';
import { isPortableGlob, matchesGlob } from '../../redis/glob.ts';
import { createLiveSource } from './live-source.ts';
import { openBySteps } from './steps.ts';
import type { LiveOptions, Session, Step, Way } from './way.ts';

export interface SubscribeOptions extends LiveOptions {
  /** Redis' glob patterns. */
  readonly patterns: readonly string[];
  /** More of them, without which it works too, where the user may not have them. */
  readonly optionalPatterns?: readonly string[];
  /** `replica` where the node was chosen for being one. */
  readonly via?: 'subscribe' | 'replica';
}

const PMESSAGE = Buffer.from('pmessage');
const PSUBSCRIBE = Buffer.from('psubscribe');

/**
 * What is published on channels that match, by PSUBSCRIBE: servers count exact subscriptions only, so they do not
 * notice (redis 7.0.15, src/pubsub.c: NUMSUB leaves patterns out). A message that several patterns match comes once.
 */
export function subscribeSource(options: SubscribeOptions): Source {
  const required = new Set(options.patterns);
  const optional = new Set(options.optionalPatterns?.filter((pattern) => !required.has(pattern)));
  const steps = [
    ...[...required].map((pattern) => stepOf(pattern, false)),
    ...[...optional].map((pattern) => stepOf(pattern, true)),
  ];
  return createLiveSource(createWay(steps, options.via ?? 'subscribe'), options);
}

function stepOf(pattern: string, optional: boolean): Step {
  return { shown: `PSUBSCRIBE ${pattern}`, words: ['PSUBSCRIBE', pattern], optional };
}

function createWay(steps: readonly Step[], via: 'subscribe' | 'replica'): Way {
  return {
    via,
    limited: true,
    open: openBySteps(steps, (value) => isKind(value, PSUBSCRIBE)),
    createDecoder: (session) => createDecoder(session, via),
  };
}

function createDecoder(
  { node, accepted }: Session,
  via: 'subscribe' | 'replica',
): (value: RespValue, time: number) => Captured | undefined {
  const patterns = accepted.map(({ words }) => Buffer.from(words[1] ?? ''));
  return (value, time) => {
    if (!isKind(value, PMESSAGE)) return undefined;
    const [, pattern, channel, payload] = value.items;
    if (pattern?.type !== 'bulk' || channel?.type !== 'bulk' || payload?.type !== 'bulk') return undefined;
    if (patterns.length > 1 && !isFirstMatch(patterns, pattern.bytes, channel.bytes)) return undefined;
    return {
      is: 'frame',
      frame: {
        via,
        time,
        node,
        command: 'PMESSAGE',
        channel: channel.bytes,
        payload: payload.bytes,
      },
    };
  };
}

/** Redis delivers once for each pattern that matches; the first of ours speaks for all. */
function isFirstMatch(patterns: readonly Buffer[], pattern: Buffer, channel: Buffer): boolean {
  for (const ours of patterns) {
    if (ours.equals(pattern)) return true;
    // In doubt a message comes twice rather than not at all.
    if (isPortableGlob(ours) && matchesGlob(ours, channel)) return false;
  }
  return true;
}

function isKind(value: RespValue, kind: Buffer): value is RespItems {
  if (value.type !== 'array' && value.type !== 'push') return false;
  const [first] = value.items;
  return first?.type === 'bulk' && first.bytes.equals(kind);
}
