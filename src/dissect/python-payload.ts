import type { DecodeError } from '../bytes/decode-error.ts';
import type { Message } from '../model/message.ts';
import { findGlobals } from './python-globals.ts';
import { Misfit } from './readings.ts';
import { isReading, type Refusal, type View } from './view.ts';

const PROTO = 0x80;
const LAST_PROTOCOL = 5;
const STOP = 0x2e;

/**
 * Pickle of protocol 2 and later starts with its number. Older ones end with STOP and start with a dict, a list or
 * a global; none of these starts is JSON, and msgpack would read one byte and leave the rest.
 */
export function guessPythonEncoding(bytes: Uint8Array): 'json' | 'pickle' | undefined {
  const [first, second = -1] = bytes;
  if (first === 0x7b) return 'json';
  if (first === PROTO) return second >= 2 && second <= LAST_PROTOCOL ? 'pickle' : undefined;
  if (bytes.at(-1) !== STOP) return undefined;
  const start = Buffer.from(bytes.subarray(0, 2)).toString('latin1');
  return /^(?:\([dlic(]|\}[q(.]|c\w)/.test(start) ? 'pickle' : undefined;
}

/**
 * Why a payload is no message of python-socketio. A pickle that would run code when it is read is described even
 * so: unpickling runs before anything looks at the shape, and up to the byte where a pickle breaks.
 */
export function refusePython(
  view: View,
  encoding: 'json' | 'pickle',
  problem: DecodeError | Misfit,
  isOurs: boolean,
): Message | readonly Refusal[] | undefined {
  const refusal = explain(encoding, problem);
  if (encoding === 'json') return isOurs ? [refusal] : undefined;
  const findings = findGlobals(view.bytes);
  if (findings.length === 0) return isOurs || view.bytes[0] === PROTO ? [refusal] : undefined;
  const { as, why, code, offset } = refusal;
  const root = view.read('pickle');
  return {
    kind: 'undecoded',
    adapter: 'python',
    encoding,
    ...(view.channel === undefined ? {} : { key: view.channel }),
    ...(isReading(root) ? { payload: [['pickle', root] as const], body: { bytes: view.bytes, root } } : {}),
    findings,
    error: {
      code,
      message: `Not a ${as}: ${why}.`,
      ...(offset === undefined ? {} : { offset }),
      tried: [{ as, why }],
    },
    raw: view.bytes,
  };
}

function explain(encoding: 'json' | 'pickle', problem: DecodeError | Misfit): Refusal {
  const as = `message of python-socketio in ${encoding === 'json' ? 'JSON' : 'pickle'}`;
  const { offset } = problem;
  if (problem instanceof Misfit) return { as, why: problem.why, code: 'wrong-shape', offset };
  return { as, why: `${problem.message} (byte ${offset})`, code: problem.code, offset };
}
