import { execFileSync } from 'node:child_process';

/** One command of a client as tshark's RESP dissector shows it. */
export interface SeenCommand {
  readonly client: string;
  /** Microseconds since 1970 of the packet that completed it. */
  readonly time: number;
  readonly args: readonly Buffer[];
}

const FIELDS = ['frame.time_epoch', 'ip.src', 'tcp.srcport', 'resp.array.length', 'resp.bulk_string.value'];

/**
 * The judge of packet captures: the commands of all clients of one Redis, in order of the file. Fails where there is
 * no tshark: a comparison with nothing proves nothing.
 */
export function commandsByTshark(file: string, port: number): SeenCommand[] {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const lines = tshark([
    '-r',
    file,
    '-d',
    `tcp.port==${port},resp`,
    '-Y',
    `resp && tcp.dstport==${port}`,
    '-T',
    'fields',
    ...fields,
  ]);
  return lines.flatMap((line) => {
    const [time = '', ip = '', source = '', lengths = '', values = ''] = line.split('\t');
    const [seconds = '', nanos = ''] = time.split('.');
    const micros = Number(seconds) * 1_000_000 + Number(nanos.slice(0, 6));
    const bulks = values.split(',').map((value) => Buffer.from(value, 'hex'));
    let at = 0;
    return lengths
      .split(',')
      .filter((length) => length !== '')
      .map((length) => {
        const args = bulks.slice(at, at + Number(length));
        at += Number(length);
        return { client: `${ip}:${source}`, time: micros, args };
      });
  });
}

/** What each subscriber got (RESP2): channel and payload, in order of the file. */
export function deliveriesByTshark(file: string, port: number): { channel: string; payload: string }[] {
  const values = tshark([
    ...['-r', file, '-d', `tcp.port==${port},resp`, '-Y', `resp && tcp.srcport==${port}`],
    ...['-T', 'fields', '-e', 'resp.bulk_string.value'],
  ]);
  return values.flatMap((line) => {
    const bulks = line.split(',').map((value) => Buffer.from(value, 'hex').toString('latin1'));
    const found: { channel: string; payload: string }[] = [];
    for (let at = 0; at < bulks.length; at++) {
      const kind = bulks[at];
      if (kind !== 'message' && kind !== 'pmessage') continue;
      const channelAt = at + (kind === 'message' ? 1 : 2);
      found.push({ channel: bulks[channelAt] ?? '', payload: bulks[channelAt + 1] ?? '' });
      at = channelAt + 1;
    }
    return found;
  });
}

function tshark(args: readonly string[]): string[] {
  const maxBuffer = 256 * 1024 * 1024;
  return execFileSync('tshark', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer,
  })
    .split('\n')
    .filter(Boolean);
}
