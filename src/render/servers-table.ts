import type { Connection, GroupRow, Health, ServerRow, ServerTable } from '../analyse/server-table.ts';
import { plural } from './phrase.ts';
import { safeText } from './safe-text.ts';
import { cutToColumns, formatBytes, padLeft, padRight, textWidth, wrapText } from './text-width.ts';
import type { Theme } from './theme.ts';

/** Servers of a version or language that can only be counted. */
export interface CountedChannel {
  readonly is: string;
  readonly channel: string;
  readonly counted: number;
}

export interface ServersView {
  readonly table: ServerTable;
  readonly unlisted: readonly CountedChannel[];
  /** What could not be seen, as Redis puts it. */
  readonly hidden: readonly string[];
  readonly truncated: boolean;
  /** Whether CLIENT LIST was permitted. */
  readonly hasConnections: boolean;
  /** Whether senders were listened for: else their addresses cannot be known. */
  readonly hasListened: boolean;
  /** Microseconds since 1970, on the clock of what was heard. */
  readonly now: number;
}

export interface ServersStyle {
  readonly theme: Theme;
  readonly columns: number;
  /** Lines are not cut. */
  readonly full: boolean;
}

const MAX_NAME = 40;

/** Whoever sees this expected servers. */
function writeNobody({ unlisted, hidden }: ServersView, style: ServersStyle): string[] {
  const says = style.theme.warning('No server with a channel of its own is subscribed here.');
  if (unlisted.length > 0 || hidden.length > 0) return [says];
  const next =
    'Is it the Redis that your servers use, and do they call io.adapter(createAdapter(…))? What is subscribed at all:';
  return [says, ...breakUp(next, style), "  redis-cli PUBSUB CHANNELS '*'"];
}

/** The whole screen, without a line end. Names in it are a stranger's and are shown escaped. */
export function writeServers(view: ServersView, style: ServersStyle): string {
  const { table } = view;
  const parts = [
    table.groups.length === 0 ? writeNobody(view, style) : writeTotals(table.groups, style),
    writePlaced(
      table.servers.filter(({ client, subscriberAddress }) => (client ?? subscriberAddress) !== undefined),
      view,
      style,
    ),
    writeNameless(
      table.servers.filter(({ client, subscriberAddress }) => (client ?? subscriberAddress) === undefined),
      style,
    ),
    view.unlisted.flatMap((one) => breakUp(describeUnlisted(one), style)),
    writeUnplaced(view, style),
    writeHidden(view, style),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function writeTotals(groups: readonly GroupRow[], style: ServersStyle): readonly string[] {
  const { dim, strong, good, trouble } = style.theme;
  const keys = columnOf(['key', ...groups.map(({ key }) => safeText(key))]);
  const names = columnOf(['namespace', ...groups.map(({ nsp }) => safeText(nsp))]);
  const head = `${padRight('key', keys)}  ${padRight('namespace', names)}  ${padRight('adapter', 13)}  servers  counted`;
  const rows = groups.map(({ key, nsp, adapter, servers, counted, health }) => {
    const paint = health === 'ok' ? good : health === 'counted-only' ? dim : trouble;
    const numbers = `${padLeft(health === 'counted-only' ? '?' : String(servers), 7)}  ${padLeft(String(counted), 7)}`;
    const left = `${padRight(fit(key, keys), keys)}  ${padRight(fit(nsp, names), names)}  ${padRight(adapter, 13)}  ${numbers}`;
    const says = explainHealth(health, servers, counted);
    const room = style.columns - textWidth(left) - 2;
    // Words that do not fit stand below: they are the point.
    return textWidth(says) <= room || style.full
      ? `${strong(left)}  ${paint(says)}`
      : `${strong(left)}\n${paint(wrap(says, style.columns, '    '))}`;
  });
  return [dim(head), ...rows];
}

function explainHealth(health: Health, servers: number, counted: number): string {
  switch (health) {
    case 'ok':
      return '✓';
    case 'phantom':
      return `✗ ${plural(counted - servers, 'subscriber')} counted ${counted - servers === 1 ? 'is' : 'are'} no server with a uid: a foreign SUBSCRIBE, an older adapter, or a connection that a server has left behind. Requests wait for its answer`;
    case 'shared':
      return `✗ ${plural(servers, 'server')} on ${plural(counted, 'subscribed connection')}: adapters share one. Answers are silently partial`;
    case 'counted-only':
      return 'no channel per server: @socket.io/redis-adapter before 7.1, or another language';
  }
}

function writePlaced(
  rows: readonly ServerRow[],
  view: ServersView,
  { theme, columns, full }: ServersStyle,
): readonly string[] {
  return rows.flatMap((row) => {
    const heard = row.heardAt === undefined ? '' : `heard ${formatSpan((view.now - row.heardAt) / 1e6)} ago`;
    const head = [
      theme.sender(row.uids.map(({ uid, nsp }) => `${safeText(uid)} in ${safeText(nsp)}`).join(', ')),
      theme.dim([row.key, row.adapter].map(safeText).join(' ')),
      theme.dim(heard),
    ];
    const lines = [
      ...describeEnd('publishes from ', row.client, row.publisher),
      ...describeEnd('subscribes from', row.subscriberAddress, row.subscriber),
    ];
    return [
      head.filter((text) => text !== '').join('  '),
      ...lines.map((line) => (full ? line : cutToColumns(line, columns))),
    ];
  });
}

function describeEnd(
  what: string,
  address: string | undefined,
  connection: Connection | undefined,
): readonly string[] {
  if (address === undefined) return [];
  const rest = connection === undefined ? 'not connected any more' : describeConnection(connection);
  return [`    ${what}  ${safeText(address)}  ${rest}`];
}

function describeConnection(connection: Connection): string {
  const { ageSeconds, idleSeconds, outputBytes, library, name } = connection;
  return [
    `age ${formatSpan(ageSeconds)}`,
    `idle ${formatSpan(idleSeconds)}`,
    `unread ${formatBytes(outputBytes)}`,
    library === undefined ? '' : safeText(library),
    name === '' ? '' : `name ${safeText(name)}`,
  ]
    .filter((text) => text !== '')
    .join('  ');
}

/** Servers of which nothing but the uid is known, by namespace. */
function writeNameless(rows: readonly ServerRow[], style: ServersStyle): readonly string[] {
  const byGroup = new Map<string, string[]>();
  for (const { key, adapter, uids } of rows) {
    for (const { uid, nsp } of uids) {
      const name = `${safeText(key)} ${safeText(nsp)} (${adapter})`;
      byGroup.set(name, [...(byGroup.get(name) ?? []), safeText(uid)]);
    }
  }
  return [...byGroup].flatMap(([name, uids]) => [
    `${style.theme.dim('uids in')} ${name}`,
    style.theme.sender(wrap(uids.join(' '), style.columns, '    ')),
  ]);
}

function describeUnlisted({ is, channel, counted }: CountedChannel): string {
  const what =
    is === 'python' ? 'python-socketio or Flask-SocketIO' : `${is}, which has no channel per server`;
  return `${plural(counted, 'subscriber')} of "${safeText(channel)}": ${what}. Who they are only their messages say.`;
}

function writeUnplaced(view: ServersView, style: ServersStyle): readonly string[] {
  const { unplaced } = view.table;
  if (!view.hasConnections || unplaced.length === 0) return [];
  const { dim, strong } = style.theme;
  const advice = view.hasListened
    ? 'nothing came from the servers behind these while we listened'
    : 'which uid is behind which connection takes a look at senders: --via monitor --for 5s';
  const readers = unplaced.filter(({ lastCommand }) => lastCommand === 'xread').length;
  const note =
    readers === 0
      ? []
      : [
          dim(
            `${plural(readers, 'connection')} of these ${readers === 1 ? 'reads' : 'read'} a stream (XREAD): the streams adapter. Before 0.3 its servers are known by heartbeats in the stream only.`,
          ),
        ];
  const head = `${strong(plural(unplaced.length, 'connection'))} that ${unplaced.length === 1 ? 'subscribes' : 'subscribe'}; ${advice}`;
  return [
    ...breakUp(head, style),
    ...unplaced.map((connection) => {
      const line = `    ${safeText(connection.address)}  ${describeConnection(connection)}  ${describeListening(connection)}`;
      return style.full ? line : cutToColumns(line, style.columns);
    }),
    ...note.flatMap((line) => breakUp(line, style)),
  ];
}

function describeListening({ channels, patterns, shardChannels, lastCommand }: Connection): string {
  const counts = [
    [channels, 'channel'],
    [patterns, 'pattern'],
    [shardChannels, 'shard channel'],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
  return said.length === 0 ? lastCommand.toUpperCase() : said.join(', ');
}

function writeHidden(view: ServersView, style: ServersStyle): readonly string[] {
  const { theme } = style;
  const lines = [
    ...view.hidden.map((says) => theme.warning(`not seen: ${safeText(says)}`)),
    ...(view.truncated ? [theme.warning('There is more than can be listed: some is left out.')] : []),
  ];
  return lines.flatMap((line) => breakUp(line, style));
}

/** `480 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function formatSpan(seconds: number): string {
  if (seconds < 1) return seconds <= 0 ? '0 s' : `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

function columnOf(texts: readonly string[]): number {
  return Math.min(MAX_NAME, Math.max(...texts.map(textWidth)));
}

function fit(text: string, columns: number): string {
  return cutToColumns(safeText(text), columns);
}

/** A sentence, between words. */
function breakUp(text: string, { columns, full }: ServersStyle): readonly string[] {
  return full ? [text] : wrapText(text, columns);
}

/** Breaks an uncoloured text at spaces. */
function wrap(text: string, columns: number, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/ +/)) {
    const longer = line === indent ? indent + word : `${line} ${word}`;
    if (textWidth(longer) > columns && line !== indent) {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\n');
}
