import { DecodeError } from '../../bytes/decode-error.ts';
import { readMonitorLine } from '../../bytes/monitor-line.ts';
import type { RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Source, Via } from '../../model/frame.ts';
import { isOurAddress } from '../../redis/our-addresses.ts';
import { frameFromCommand } from '../command.ts';
import { createLiveSource } from './live-source.ts';
import { openBySteps } from './steps.ts';
import type { LiveOptions, Session, Way } from './way.ts';

const OK = Buffer.from('OK');

/** Every command that one Redis node executes, with who sent it, but for what this process sends. */
export function monitorSource(options: LiveOptions): Source {
  return createLiveSource(
    createMonitorWay('monitor', (frame) => frame),
    options,
  );
}

type Seen = Extract<Captured, { readonly is: 'frame' }>;

/** MONITOR on any node; `adapt` is given each frame. */
export function createMonitorWay(via: 'monitor' | 'replica', adapt: (seen: Seen) => Captured): Way {
  return {
    via,
    // A MONITOR client counts as a normal one, for which there is no limit by default (redis 7.0.15, redis.conf).
    limited: false,
    open: openBySteps(
      [{ shown: 'MONITOR', words: ['MONITOR'], optional: false }],
      (value) => value.type === 'simple' && value.bytes.equals(OK),
    ),
    createDecoder:
      ({ node }: Session) =>
      (value: RespValue): Captured | undefined => {
        if (value.type !== 'simple' || !isLine(value.bytes)) return undefined;
        const captured = readLine(value.bytes, { via, node });
        return captured?.is === 'frame' ? adapt(captured) : captured;
      },
  };
}

/** `+OK` and the `+PONG` of our own PING stand between the lines. */
function isLine(bytes: Buffer): boolean {
  const [first = 0] = bytes;
  return first >= 0x30 && first <= 0x39;
}

function readLine(
  bytes: Buffer,
  { via, node }: { readonly via: Via; readonly node: string },
): Captured | undefined {
  try {
    const { time, db, client, args } = readMonitorLine(bytes);
    if (isOurAddress(node, client)) return undefined;
    return frameFromCommand({ via, time, node, client, db }, args);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { code, message, offset } = error;
    return { is: 'unframed', unframed: { via, raw: bytes, code, message, offset } };
  }
}
