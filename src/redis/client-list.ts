/** One line of CLIENT LIST (redis 7.0.15, src/networking.c `catClientInfoString`): what every version since 2.8 says. */
export interface ClientRow {
  readonly id: number;
  /** `host:port`, or `PATH:0` on a unix socket. */
  readonly address: string;
  readonly name: string;
  readonly ageSeconds: number;
  /** Since its last command; what it receives does not count. */
  readonly idleSeconds: number;
  readonly db: number;
  /** How many channels, patterns and shard channels it is subscribed to. */
  readonly channels: number;
  readonly patterns: number;
  readonly shardChannels: number;
  /** Bytes that Redis holds for it because it does not read them. */
  readonly outputBytes: number;
  /** Lower case, subcommand after `|`. */
  readonly lastCommand: string;
  /** `O` stands for MONITOR, `S` for a replica. */
  readonly flags: string;
  /** Redis 7.2 and later, where the client has said it. */
  readonly library?: string;
}

/** Oldest first: Redis turns its list round all the time (redis 7.0.15, src/server.c, `clientsCron`). */
export function readClientList(text: string): readonly ClientRow[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('id='))
    .map(readRow)
    .sort((a, b) => a.id - b.id);
}

function readRow(line: string): ClientRow {
  const fields = new Map<string, string>();
  for (const word of line.trimEnd().split(' ')) {
    const at = word.indexOf('=');
    if (at > 0) fields.set(word.slice(0, at), word.slice(at + 1));
  }
  const text = (name: string): string => fields.get(name) ?? '';
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const library = [text('lib-name'), text('lib-ver')].filter(Boolean).join(' ');
  return {
    id: number('id'),
    address: text('addr'),
    name: text('name'),
    ageSeconds: number('age'),
    idleSeconds: number('idle'),
    db: number('db'),
    channels: number('sub'),
    patterns: number('psub'),
    shardChannels: number('ssub'),
    outputBytes: number('omem'),
    lastCommand: text('cmd'),
    flags: text('flags'),
    ...(library === '' ? {} : { library }),
  };
}
