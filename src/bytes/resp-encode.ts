/** A command as clients send it: an array of bulk strings. Strings are written as UTF-8. */
export function encodeCommand(args: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = toBytes(arg);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

/** What a server may answer. Strings are written as UTF-8. */
export type Reply =
  | { readonly type: 'simple' | 'error'; readonly text: string | Uint8Array }
  | { readonly type: 'bulk'; readonly bytes: string | Uint8Array }
  | { readonly type: 'verbatim'; readonly text: string }
  | { readonly type: 'integer'; readonly value: number | bigint }
  | { readonly type: 'null' | 'null-array' }
  | { readonly type: 'array' | 'set' | 'push'; readonly items: readonly Reply[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [Reply, Reply])[] };

/**
 * A reply as Redis writes it. Protocol 2 has no maps, sets, pushes and verbatim strings: they go out as flat arrays
 * and bulk strings. Source: redis 7.0.15, src/networking.c (addReplyMapLen and its neighbours).
 */
export function encodeReply(reply: Reply, protocol: 2 | 3): Buffer {
  const parts: Uint8Array[] = [];
  writeReply(reply, protocol, parts);
  return Buffer.concat(parts);
}

const CRLF = Buffer.from('\r\n');

function writeReply(reply: Reply, protocol: 2 | 3, parts: Uint8Array[]): void {
  switch (reply.type) {
    case 'simple':
    case 'error':
      parts.push(Buffer.from(reply.type === 'simple' ? '+' : '-'), toBytes(reply.text), CRLF);
      return;
    case 'bulk':
      writeBulk('$', toBytes(reply.bytes), parts);
      return;
    case 'verbatim':
      writeBulk(
        protocol === 3 ? '=' : '$',
        Buffer.from(protocol === 3 ? `txt:${reply.text}` : reply.text),
        parts,
      );
      return;
    case 'integer':
      parts.push(Buffer.from(`:${String(reply.value)}\r\n`));
      return;
    case 'null':
      parts.push(Buffer.from(protocol === 3 ? '_\r\n' : '$-1\r\n'));
      return;
    case 'null-array':
      parts.push(Buffer.from(protocol === 3 ? '_\r\n' : '*-1\r\n'));
      return;
    case 'array':
    case 'set':
    case 'push':
      writeItems(reply.type, reply.items, protocol, parts);
      return;
    case 'map':
      parts.push(
        Buffer.from(protocol === 3 ? `%${reply.entries.length}\r\n` : `*${reply.entries.length * 2}\r\n`),
      );
      for (const item of reply.entries.flat()) writeReply(item, protocol, parts);
  }
}

const ITEMS_MARK = { array: '*', set: '~', push: '>' } as const;

function writeItems(
  type: keyof typeof ITEMS_MARK,
  items: readonly Reply[],
  protocol: 2 | 3,
  parts: Uint8Array[],
): void {
  parts.push(Buffer.from(`${protocol === 3 ? ITEMS_MARK[type] : '*'}${items.length}\r\n`));
  for (const item of items) writeReply(item, protocol, parts);
}

function writeBulk(mark: string, bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(Buffer.from(`${mark}${bytes.length}\r\n`), bytes, CRLF);
}

function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
