/** What was pasted, in the three shapes that the forms look at. */
export interface Paste {
  readonly bytes: Buffer;
  /** One character a byte (latin1): offsets in it are offsets in `bytes`. */
  readonly text: string;
  /** Lines of `text` without their line ends and without empty lines at the end. */
  readonly lines: readonly string[];
}

/** One message that a paste held. */
export interface PastedMessage {
  readonly bytes: Uint8Array;
  /** Where the form names it. */
  readonly channel?: Uint8Array;
}

/** What one form made of a paste. */
export type Reading =
  | {
      readonly is: 'messages';
      readonly messages: readonly PastedMessage[];
      /** The form proves itself (offsets add up, a signature stands there); else it is one guess among others. */
      readonly sure: boolean;
      /** What was assumed or skipped, in words for a person. */
      readonly notes: readonly string[];
    }
  /** The form is certain, and bytes are missing in it. */
  | { readonly is: 'lost'; readonly message: string };

/** A form of pasted bytes. `read` yields every way to read the paste as this form, the likeliest first. */
export interface DumpForm {
  readonly name: string;
  read(paste: Paste): Iterable<Reading>;
}

/** A dump that leaves out repeated lines may claim any length: it is expanded to this many bytes for each of its own. */
export const MAX_EXPANSION = 100;

export function makePaste(bytes: Buffer): Paste {
  const text = bytes.toString('latin1');
  const lines = text.split(/\r\n|\n/);
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop();
  return { bytes, text, lines };
}

export function messagesReading(
  messages: readonly Uint8Array[],
  sure: boolean,
  notes: readonly string[] = [],
): Reading {
  return { is: 'messages', messages: messages.map((bytes) => ({ bytes })), sure, notes };
}
