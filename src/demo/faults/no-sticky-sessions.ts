import { io as connectClient } from 'socket.io-client';
import type { Fault, Symptom } from './fault.ts';
import { openBalancer } from './lab-balancer.ts';
import { plan } from './scenes.ts';

/** With as many servers, a client that is lucky once is not lucky each time. */
const SERVERS = 3;
const TRIES = 3;

export const noStickySessionsFault: Fault = {
  name: 'no-sticky-sessions',
  title: 'a load balancer sends the requests of one client to several servers: HTTP 400, Session ID unknown',
  cure: 'The load balancer sends all requests of a client to the same server (ip_hash in nginx, a cookie elsewhere).',
  stage: async (lab) => {
    const servers = await lab.start(...plan(SERVERS));
    const [first] = servers;
    if (first === undefined) throw new Error('No servers.');
    const balancer = await openBalancer(servers.map(({ port }) => port));
    lab.atEnd(() => balancer.close());
    return {
      story: [
        'Three servers with the classic adapter, behind a load balancer that gives each request to the next server.',
        'A client begins with HTTP long-polling, as all do by default: several requests make one session.',
      ],
      symptom: () => tryToConnect(balancer.port),
      traffic: () => first.do({ do: 'emit', event: 'news', args: ['hello'] }),
      cure: () => {
        balancer.stick();
        return Promise.resolve();
      },
    };
  },
};

async function tryToConnect(port: number): Promise<Symptom> {
  const said = 'A browser opens the page, which calls io().';
  for (let turn = 0; turn < TRIES; turn++) {
    const failure = await connectOnce(port);
    if (failure !== undefined) return { lines: [said, `→ ${failure}`], isBad: true };
  }
  return { lines: [said, `→ connected, ${TRIES} times out of ${TRIES}`], isBad: false };
}

/** What the client logs; undefined where it is connected. */
function connectOnce(port: number): Promise<string | undefined> {
  const socket = connectClient(`http://127.0.0.1:${port}`, {
    transports: ['polling'],
    reconnection: false,
    forceNew: true,
  });
  return new Promise<string | undefined>((resolve) => {
    socket.on('connect', () => {
      resolve(undefined);
    });
    socket.on('connect_error', (error) => {
      resolve(`connect_error: ${error.message} · ${describeAnswer(error)}`);
    });
  }).finally(() => socket.close());
}

/** engine.io-client 6.6, `lib/transport.ts`, TransportError: `description` is the status, `context` the request. */
function describeAnswer(error: Error): string {
  const status = 'description' in error ? `HTTP ${String(error.description)} ` : '';
  const { context } = error as { readonly context?: unknown };
  const isRequest = typeof context === 'object' && context !== null && 'responseText' in context;
  return `${status}${isRequest ? String(context.responseText) : 'without an answer'}`;
}
