import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Packets {
  readonly interface: 'lo' | 'any';
  readonly port: number;
  /** dumpcap's own form is pcapng. */
  readonly form: 'pcap' | 'pcapng';
}

/** Captures packets into a file, which needs the right to do so; resolves once it does. End it with SIGINT. */
export async function startDumpcap(packets: Packets, file: string): Promise<ChildProcess> {
  const words = ['-i', packets.interface, '-f', `tcp port ${packets.port}`, '-w', file, '-q'];
  const child = spawn('dumpcap', packets.form === 'pcap' ? [...words, '-P'] : words, {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      // Heard of only while it has not said that it captures.
      reject(new Error(`dumpcap ended with ${String(code)}: it needs the right to capture`));
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.startsWith('File:')) resolve();
    });
  });
  return child;
}
