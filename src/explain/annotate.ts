import type { MsgpackDialect } from '../bytes/msgpack.ts';
import type { Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { childMeaning, type Meaning, type Seen } from './meaning.ts';
import { explainCode } from './msgpack-codes.ts';
import type { Part, Row } from './row.ts';
import type { Token, Walk } from './token.ts';

/** How a container's children are understood. */
interface Context {
  readonly meaning: Meaning | undefined;
  readonly part: Part;
  readonly path: string;
  readonly isSecret: boolean;
}

export interface Annotation {
  readonly bytes: Uint8Array;
  readonly walk: Walk;
  readonly meaning: Meaning | undefined;
  readonly message: Message;
  /** Msgpack only: whose type bytes are explained. */
  readonly dialect: MsgpackDialect | undefined;
}

const OUTSIDE: Context = { meaning: undefined, part: 'structure', path: '', isSecret: false };

/** Gives every token its place, its part and a sentence; each sentence is said once. */
export function annotate(annotation: Annotation): Row[] {
  const annotator = new Annotator(annotation);
  return annotation.walk.tokens.map((token, index) => annotator.annotate(token, index));
}

class Annotator {
  readonly #annotation: Annotation;
  readonly #contexts = new Map<number, Context>();
  readonly #said = new Set<Meaning>();
  readonly #explained = new Set<string>();

  constructor(annotation: Annotation) {
    this.#annotation = annotation;
  }

  annotate(token: Token, index: number): Row {
    const context = this.#contextOf(token);
    if (token.shape !== undefined) this.#contexts.set(index, context);
    const { offset, length, depth, role, argument } = token;
    const note = token.note ?? this.#say(token, context.meaning);
    const how = this.#explainType(token);
    return {
      offset,
      lengthBytes: length,
      depth,
      path: context.path,
      role,
      type: nameType(token),
      ...(token.value === undefined ? {} : { value: token.value }),
      ...(argument === undefined ? {} : { argument }),
      ...(note === undefined ? {} : { note }),
      ...(how === undefined ? {} : { how }),
      part: choosePart(token, context),
      ...(context.isSecret && role !== 'key' ? { isSecret: true } : {}),
    };
  }

  #contextOf({ parent, segment, role, place }: Token): Context {
    if (place !== undefined) return this.#follow(place.segments);
    if (role === 'close') return this.#contexts.get(parent) ?? OUTSIDE;
    if (parent === -1 || segment === undefined) {
      return role === 'item' ? this.#root() : OUTSIDE;
    }
    return enter(this.#contexts.get(parent) ?? OUTSIDE, segment);
  }

  #root(): Context {
    const { meaning } = this.#annotation;
    return { ...OUTSIDE, meaning, part: meaning?.part ?? 'value' };
  }

  #follow(segments: readonly (string | number)[]): Context {
    return segments.reduce(enter, this.#root());
  }

  /** What the place is for stands at the key, or at the item where there is no key; what the value means, at the value. */
  #say(token: Token, meaning: Meaning | undefined): string | undefined {
    if (meaning === undefined || token.role === 'close') return undefined;
    const isKey = token.role === 'key' || token.place?.isKey === true;
    const place = token.role === 'value' ? undefined : this.#sayOnce(token, meaning);
    const seen = isKey ? undefined : look(token);
    const says = seen === undefined ? undefined : meaning.says?.(seen, this.#annotation.message);
    if (place === undefined || says === undefined) return place ?? says;
    return `${place}; ${says}`;
  }

  /** A key stands for itself: its name is not said again. */
  #sayOnce({ role, segment, place }: Token, meaning: Meaning): string | undefined {
    const { what } = meaning;
    if (what === '' || this.#said.has(meaning)) return undefined;
    this.#said.add(meaning);
    const name = `${String(segment ?? place?.segments.at(-1))}: `;
    return (role === 'key' || place !== undefined) && what.startsWith(name) ? what.slice(name.length) : what;
  }

  #explainType({ offset, role, how }: Token): string | undefined {
    if (how?.isAlways === true) return how.how;
    const { dialect, bytes } = this.#annotation;
    if (role === 'trouble' || role === 'text') return undefined;
    const code = dialect === undefined ? how : explainCode(bytes, offset, dialect);
    if (code === undefined || this.#explained.has(code.name)) return undefined;
    this.#explained.add(code.name);
    return code.how;
  }
}

function enter(around: Context, segment: string | number): Context {
  const meaning = childMeaning(around.meaning, segment);
  return {
    meaning,
    part: meaning?.part ?? around.part,
    path: `${around.path}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    isSecret: around.isSecret || meaning?.isSecret === true,
  };
}

function look({ shape, count, value, place }: Token): Seen | undefined {
  if (shape !== undefined) return { type: shape, count, value };
  const held = place?.value ?? value;
  if (held === undefined) return undefined;
  const size =
    held.type === 'array' ? held.items.length : held.type === 'map' ? held.entries.length : undefined;
  return { type: held.type, count: size, value: held };
}

function choosePart(token: Token, { part }: Context): Part {
  const { role } = token;
  if (token.part !== undefined) return token.part;
  if (token.place?.isKey === true) return 'structure';
  if (role === 'trouble') return 'trouble';
  return role === 'key' || role === 'close' ? 'structure' : part;
}

function nameType({ role, shape, count, value, type }: Token): string {
  if (type !== undefined) return type;
  if (role === 'key' && value !== undefined) return 'key';
  if (shape !== undefined) return count === undefined ? `${shape} without an end` : `${shape} of ${count}`;
  return value === undefined ? 'nothing' : nameValueType(value);
}

function nameValueType(value: Value): string {
  switch (value.type) {
    case 'str':
      return 'text';
    case 'int':
      return 'integer';
    case 'bool':
      return 'boolean';
    case 'bin':
      return 'binary';
    case 'ext':
      return value.name ?? `extension ${value.code}`;
    case 'nil':
    case 'undefined':
    case 'float':
    case 'date':
    case 'array':
    case 'map':
    case 'opaque':
      return value.type;
  }
}
