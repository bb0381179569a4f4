import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { encodeCommand } from '../../../src/bytes/resp-encode.ts';

/**
 * Publishes `count` messages by `redis-cli --pipe` as fast as Redis takes them: the numbers from 0 on, 114 bytes each,
 * or what `createPayload` makes of them.
 */
export async function publishInBulk(
  { port }: { readonly port: number },
  count: number,
  createPayload: (index: number) => string | Uint8Array = (index) => String(index).padStart(114),
): Promise<void> {
  const client = spawn('redis-cli', ['-p', String(port), '--pipe'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const exited = once(client, 'exit');
  for (let from = 0; from < count; from += 1000) {
    const commands = Array.from({ length: Math.min(1000, count - from) }, (_, i) =>
      encodeCommand(['PUBLISH', 'socket.io#/#lobby#', createPayload(from + i)]),
    );
    if (!client.stdin.write(Buffer.concat(commands))) await once(client.stdin, 'drain');
  }
  client.stdin.end();
  const [code] = (await exited) as [number];
  assert.equal(code, 0);
}
