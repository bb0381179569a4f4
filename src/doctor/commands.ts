import { redactUrl } from '../redis/target.ts';
import type { SeenClient } from './connections.ts';
import type { Look } from './evidence.ts';
import type { Report } from './examine.ts';

/** A word as a shell takes it literally: names in commands are a stranger's, and commands are there to be pasted. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Ids of connections are their node's own: in a cluster the node has to be asked itself. */
export function killCommand({ id, node }: SeenClient, looks: readonly Look[]): string {
  const isCluster = (looks.at(-1)?.nodes.length ?? 1) > 1;
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(node) ?? [];
  const where = isCluster && host !== '' ? `-h ${quoteWord(host)} -p ${port} ` : '';
  return `redis-cli ${where}CLIENT KILL ID ${id}`;
}

/** `sio-inspect …`, to be pasted. */
export function writeCommand(words: readonly string[]): string {
  return ['sio-inspect', ...words.map(quoteWord)].join(' ');
}

const USUAL_URL = 'redis://127.0.0.1:6379';
/** Commands stand behind a colon or behind one another, and redis-cli has no other options in them yet. */
const COMMANDS = /(?<=: |; |&& )(?:redis-cli(?= [A-Z])|sio-inspect (?:doctor|monitor|record)(?= ))/g;

/** The same report, its commands meant for this Redis and no other; a password stays out. */
export function addressCommands(report: Report, url: string): Report {
  if (url === USUAL_URL) return report;
  const shown = quoteWord(redactUrl(url));
  const address = (text: string): string =>
    text.replace(COMMANDS, (command) => `${command} ${command === 'redis-cli' ? '-u' : '--url'} ${shown}`);
  const cases = report.cases.map((item) => ({ ...item, next: item.next.map(address) }));
  const { absence } = report;
  if (absence === undefined) return { ...report, cases };
  const instead = absence.instead.map((item) =>
    item.command === undefined
      ? { says: address(item.says) }
      : { ...item, command: [...item.command, '--url', redactUrl(url)] },
  );
  return { ...report, cases, absence: { ...absence, instead } };
}
