import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { RespReader } from '../../../src/bytes/resp.ts';

/** Lets everybody in; says `words` to the first subscriber, then hangs up. */
export async function startFakeRedis(
  words: string | Uint8Array,
): Promise<{ readonly url: string; stop(): void }> {
  let said = false;
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket);
    const reader = new RespReader();
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        reader.push(bytes);
        for (let value = reader.next(); value?.type === 'array'; value = reader.next()) {
          const [name] = value.items;
          const isSubscribe = name?.type === 'bulk' && String(name.bytes) === 'PSUBSCRIBE';
          socket.write(isSubscribe ? '*3\r\n$10\r\npsubscribe\r\n$10\r\nsocket.io*\r\n:1\r\n' : '+OK\r\n');
          if (isSubscribe && !said) {
            said = true;
            socket.end(words);
          }
        }
      });
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  };
  return { url: `redis://127.0.0.1:${(listener.address() as AddressInfo).port}`, stop };
}
