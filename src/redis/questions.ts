/**
 * Everything that a control connection may say. None of it writes, publishes, subscribes, or is counted by Socket.IO
 * servers; what is not in this table cannot be sent.
 */
const QUESTIONS = [
  'ACL LOG 32',
  'CLIENT INFO',
  'CLIENT LIST',
  'COMMAND INFO',
  'CONFIG GET client-output-buffer-limit',
  'CONFIG GET timeout',
  'CLUSTER KEYSLOT',
  'CLUSTER SLOTS',
  'INFO',
  'PING',
  'PTTL',
  'PUBSUB CHANNELS',
  'PUBSUB NUMPAT',
  'PUBSUB NUMSUB',
  'PUBSUB SHARDCHANNELS',
  'PUBSUB SHARDNUMSUB',
  'SCAN',
  'SENTINEL GET-MASTER-ADDR-BY-NAME',
  'SENTINEL MASTERS',
  'SENTINEL SENTINELS',
  'XINFO STREAM',
  'XREAD',
] as const;

export type Question = (typeof QUESTIONS)[number];

/** A reply as ioredis reads it: bulk and simple strings as bytes. */
export type Answer = Buffer | number | null | readonly Answer[];

/** @throws {TypeError} for anything that is not in the table, whatever the types were made to say. */
export function wordsOf(question: Question): readonly string[] {
  if (!QUESTIONS.includes(question)) throw new TypeError(`"${question}" is no question that may be asked.`);
  return question.split(' ');
}

/** Text of a reply that is one string. */
export function textOf(answer: Answer | undefined): string {
  return Buffer.isBuffer(answer) ? answer.toString() : typeof answer === 'number' ? String(answer) : '';
}

/** Items of a reply that is a list. */
export function listOf(answer: Answer | undefined): readonly Answer[] {
  return Array.isArray(answer) ? (answer as readonly Answer[]) : [];
}

/** `field:value` lines, as INFO writes them. */
export function readInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}
