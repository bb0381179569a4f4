import { CommandError, NOT_AN_INTEGER } from './reply.ts';

/** Bytes as a Map key and back: latin1 keeps every byte. */
export function toKey(bytes: Buffer): string {
  return bytes.toString('latin1');
}

export function fromKey(key: string): Buffer {
  return Buffer.from(key, 'latin1');
}

/** An argument as an upper case word, to compare with options. */
export function toWord(argument: Buffer | undefined): string {
  return argument?.toString('latin1').toUpperCase() ?? '';
}

/** A decimal integer as Redis' string2ll takes it: no spaces, no plus, no leading zeros. */
export function parseWhole(argument: Buffer | undefined, message = NOT_AN_INTEGER): number {
  const text = argument?.toString('latin1') ?? '';
  const value = Number(text);
  if (!/^(0|-?[1-9]\d*)$/.test(text) || !Number.isSafeInteger(value)) throw new CommandError(message);
  return value;
}
