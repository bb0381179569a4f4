import { base64 } from './base64.ts';
import { bufferJson, byteList } from './byte-list.ts';
import { escapedString } from './escaped-string.ts';
import { nodeBuffer } from './node-buffer.ts';
import { offsetDump } from './offset-dump.ts';
import { type DumpForm, makePaste, type PastedMessage, type Reading } from './paste.ts';
import { plainHex } from './plain-hex.ts';
import { pythonBytes } from './python-bytes.ts';
import { rawPayload } from './raw-payload.ts';
import { isWholeMessage, startsAsMessage } from './whole-message.ts';

/** Every form of pasted bytes, in the order in which they are tried. To add one: one file, and one line here. */
const FORMS: readonly DumpForm[] = [
  bufferJson,
  byteList,
  rawPayload,
  nodeBuffer,
  pythonBytes,
  escapedString,
  plainHex,
  offsetDump,
  base64,
];

/** What a paste is; `form` names how it was read. */
export type PastedDump =
  | {
      readonly is: 'messages';
      readonly form: string;
      readonly messages: readonly PastedMessage[];
      readonly notes: readonly string[];
    }
  | { readonly is: 'lost'; readonly form: string; readonly message: string }
  | { readonly is: 'unknown' };

type Messages = Extract<PastedDump, { is: 'messages' }>;

/**
 * Reads a paste: the first form in which every message is whole, else the first that proves itself, else the first
 * guess. Bytes that are no text, or start as JSON, are taken as they are.
 */
export function readDump(bytes: Uint8Array): PastedDump {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readForms(buffer);
  if (read.is === 'messages' && read.messages.every((message) => isWholeMessage(message.bytes))) return read;
  const repaired = straightenQuotes(buffer);
  if (repaired === undefined) return read;
  const again = readForms(repaired);
  if (again.is !== 'messages') return again.is === 'lost' ? again : read;
  return { ...again, notes: [...again.notes, 'took typographic quotes for plain ones'] };
}

function readForms(bytes: Buffer): PastedDump {
  const paste = makePaste(bytes);
  let proven: Messages | undefined;
  let guess: Messages | undefined;
  for (const form of FORMS) {
    for (const reading of form.read(paste)) {
      if (reading.is === 'lost') return proven ?? { ...reading, form: form.name };
      const found: Messages = {
        form: form.name,
        is: 'messages',
        messages: reading.messages,
        notes: reading.notes,
      };
      if (isWhole(reading)) return found;
      if (reading.sure) proven ??= found;
      else
        guess ??= {
          ...found,
          notes: [...found.notes, `took it for ${form.name}, though no whole message comes out`],
        };
    }
  }
  return proven ?? guess ?? asItIs(bytes);
}

function isWhole(reading: Reading): boolean {
  return reading.is === 'messages' && reading.messages.every((message) => isWholeMessage(message.bytes));
}

/** Broken, but certainly bytes and no words: what is wrong with them is for the dissectors to say. */
function asItIs(bytes: Buffer): PastedDump {
  const isText = !/[\x00-\x08\x0e-\x1f\x7f-\xff]/.test(bytes.toString('latin1', 0, 4096));
  if (isText && !startsAsMessage(bytes)) return { is: 'unknown' };
  const notes = ['read the bytes as one payload, as they are'];
  return { is: 'messages', form: rawPayload.name, messages: [{ bytes }], notes };
}

/** Word processors and chats turn `"` and `'` into “ ” and ‘ ’; undefined when there are none. */
export function straightenQuotes(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('latin1');
  const straight = text.replaceAll(/\xe2\x80[\x9c-\x9f]/g, '"').replaceAll(/\xe2\x80[\x98-\x9b]/g, "'");
  return straight === text ? undefined : Buffer.from(straight, 'latin1');
}
