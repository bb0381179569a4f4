/** Fields of a record whose values can be removed; all others are names that the record would make no sense without. */
const HEADS = ['args', 'rooms', 'except', 'flags', 'payload'] as const;

export type RedactableField = (typeof HEADS)[number];

/** `args.0.password`, `payload.sockets.*.handshake`: a field of the record, then keys, places in lists, or `*`. */
export interface RedactedPath {
  readonly field: RedactableField;
  readonly steps: readonly string[];
}

/**
 * What is to be removed. `args`: every value that an application sent: arguments, answers, handshakes, session data,
 * and every field that no adapter writes. `data`: also the names of rooms and sockets, in channels as well.
 */
export interface Redaction {
  readonly words: readonly string[];
  readonly removesArgs: boolean;
  readonly removesNames: boolean;
  readonly paths: readonly RedactedPath[];
}

/** Stands where a value was. */
export const REDACTED = '[redacted]';

/** @throws {TypeError} for a path that leads nowhere */
export function parseRedaction(words: readonly string[]): Redaction {
  const removesNames = words.includes('data');
  return {
    words: [...new Set(words)],
    removesArgs: removesNames || words.includes('args'),
    removesNames,
    paths: words.filter((word) => word !== 'args' && word !== 'data').map(parsePath),
  };
}

function parsePath(text: string): RedactedPath {
  const [head = '', ...steps] = text.split('.');
  const field = HEADS.find((name) => name === head);
  if (field === undefined || steps.includes('')) {
    throw new TypeError(
      `"${text}" is nothing that can be removed. Write args, data, or a path that starts with ${HEADS.join(', ')}, ` +
        'e.g. args.0.password or payload.sockets.*.handshake.',
    );
  }
  return { field, steps };
}
