import { type PickleStep, tracePickle } from '../bytes/pickle-trace.ts';
import type { Value } from '../model/value.ts';
import { type Place, type Token, Tokens, type Walk } from './token.ts';

/** A pickle may refer to one part from many places: looking for places ends here. */
const MAX_PLACES = 50_000;

/** Instructions that do not only hold data: what they name is shown, never run. */
const NAMING = new Set(['GLOBAL', 'STACK_GLOBAL', 'REDUCE', 'NEWOBJ', 'NEWOBJ_EX', 'INST', 'OBJ', 'BUILD']);
/** Instructions whose note says something else each time. */
const REMEMBERING = new Set(['GET', 'BINGET', 'LONG_BINGET']);

/**
 * Takes a pickle apart into its instructions. `root`, where it could be decoded, says which of them puts which
 * part of the message on the stack. Never throws.
 */
export function walkPickle(bytes: Uint8Array, root: Value | undefined): Walk {
  const { steps, error } = tracePickle(bytes);
  const places = root === undefined ? new Map<number, Place>() : findPlaces(root);
  const tokens = new Tokens();
  let end = 0;
  for (const step of steps) {
    if (tokens.isFull) break;
    tokens.push(toToken(step, places.get(step.offset)));
    end = step.offset + step.length;
  }
  const isBroken = error !== undefined && !tokens.isFull;
  return tokens.finish(bytes, end, isBroken ? `${error.message} (byte ${error.offset})` : undefined);
}

function toToken(step: PickleStep, place: Place | undefined): Token {
  const isSpecific = NAMING.has(step.opcode) || REMEMBERING.has(step.opcode);
  return {
    offset: step.offset,
    length: step.length,
    depth: step.level,
    parent: -1,
    role: 'opcode',
    type: step.opcode,
    how: { name: step.opcode, how: describeStep(step), isAlways: isSpecific },
    ...(step.argument === undefined ? {} : { argument: step.argument }),
    ...(place === undefined ? {} : { place }),
    ...(NAMING.has(step.opcode) ? { part: 'flags' as const } : {}),
  };
}

/** MEMOIZE counts, and is said once only. */
function describeStep({ opcode, note }: PickleStep): string {
  return `${opcode}: ${opcode === 'MEMOIZE' ? 'remembers the last item under the next number, from 0 on' : note}`;
}

/** Where each part of the message comes from: byte of the instruction → its place. The first place counts. */
function findPlaces(root: Value): Map<number, Place> {
  const places = new Map<number, Place>();
  const waiting: [Value, Place][] = [[root, { segments: [], isKey: false, value: root }]];
  for (let next = waiting.pop(); next !== undefined && places.size < MAX_PLACES; next = waiting.pop()) {
    const [value, place] = next;
    if (places.has(value.offset)) continue;
    places.set(value.offset, place);
    const { segments } = place;
    if (value.type === 'array') {
      for (const [index, item] of value.items.entries())
        waiting.push([item, { segments: [...segments, index], isKey: false, value: item }]);
    } else if (value.type === 'map') {
      for (const { key, value: held } of value.entries) {
        const inner = [...segments, key.type === 'str' ? key.value : key.type];
        waiting.push(
          [held, { segments: inner, isKey: false, value: held }],
          [key, { segments: inner, isKey: true, value: key }],
        );
      }
    }
  }
  return places;
}
