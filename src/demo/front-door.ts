import { once } from 'node:events';
import { createServer } from 'node:http';
import { setupMaster } from '@socket.io/sticky';
import { DemoError } from './demo-error.ts';

/** The one port that browsers and chat clients know. Connections are handed to the workers, sessions kept together. */
export interface FrontDoor {
  /** `http://host:port`, with an address that can be typed. */
  readonly url: string;
  readonly port: number;
  /** From now on the workers serve. */
  open(): void;
  close(): void;
}

/** Takes the port at once, so that a taken one is known before anything else is started. */
export async function takePort(host: string, port: number): Promise<FrontDoor> {
  const http = createServer((_request, response) => {
    response.writeHead(503, { 'Retry-After': '1', Connection: 'close' });
    response.end('The workers are still starting.\n');
  });
  http.listen(port, host);
  try {
    await once(http, 'listening');
  } catch (error) {
    throw explain(error, host, port);
  }
  const address = http.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${nameOf(host)}:${taken}`,
    port: taken,
    open: () => {
      // Two tabs or two chat clients come to two different workers that way.
      setupMaster(http, { loadBalancingMethod: 'least-connection' });
    },
    // Node waits with `close` for connections that were handed to workers, even when those are gone: we do not.
    close: () => {
      http.close();
      http.closeAllConnections();
    },
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function explain(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const fail = (message: string): DemoError => new DemoError('usage', message, { cause: error });
  if (code === 'EADDRINUSE') {
    return fail(
      `Port ${port} on ${host} is taken, perhaps by another demo: --port 0 takes any free one, --port ${port + 1} that one.`,
    );
  }
  if (code === 'EACCES') return fail(`Port ${port} is not ours to open: take one above 1023, or --port 0.`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail(`This machine has no address "${host}" to listen on: --host 127.0.0.1 always works.`);
  }
  return error;
}
