import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { encodeCommand } from '../../../src/bytes/resp-encode.ts';

/** Publishes the numbers from 0 on, 114 bytes each, by `redis-cli --pipe` as fast as Redis takes them. */
export async function publishInBulk({ port }: { readonly port: number }, count: number): Promise<void> {
  const client = spawn('redis-cli', ['-p', String(port), '--pipe'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const exited = once(client, 'exit');
  for (let from = 0; from < count; from += 1000) {
    const commands = Array.from({ length: 1000 }, (_, i) =>
      encodeCommand(['PUBLISH', 'socket.io#/#lobby#', String(from + i).padStart(114)]),
    );
    if (!client.stdin.write(Buffer.concat(commands))) await once(client.stdin, 'drain');
  }
  client.stdin.end();
  const [code] = (await exited) as [number];
  assert.equal(code, 0);
}
