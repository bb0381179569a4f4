import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP load balancer in front of the servers on these ports of this machine. */
export interface Balancer {
  readonly port: number;
  /** From now on all requests of a client go to the same server, as `ip_hash` does in nginx; before, each to the next. */
  stick(): void;
  close(): Promise<void>;
}

/** Opens it as most are set up at first: each request goes to the next server. */
export async function openBalancer(ports: readonly number[]): Promise<Balancer> {
  let isSticky = false;
  let turn = 0;
  const listener = createServer((incoming, outgoing) => {
    const at = isSticky ? hashOf(incoming.socket.remoteAddress ?? '') : turn++;
    pass(incoming, outgoing, ports[at % ports.length] ?? 0);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    stick: () => {
      isSticky = true;
    },
    close: async () => {
      listener.close();
      listener.closeAllConnections();
      await once(listener, 'close');
    },
  };
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const { url = '/', method = 'GET', headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, path: url, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

function hashOf(address: string): number {
  let hash = 0;
  for (const character of address) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}
