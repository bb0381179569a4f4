import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

const FILES: ReadonlyMap<string, readonly [file: string, type: string]> = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/page.css', ['page.css', 'text/css; charset=utf-8']],
  ['/page.js', ['page.js', 'text/javascript; charset=utf-8']],
  ['/icon.svg', ['icon.svg', 'image/svg+xml']],
]);

/** Nothing inline, nothing from elsewhere, no frames: whatever a stranger types can only ever be text. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** The chat page, and `/worker`, which says who answered. */
export function createPageHandler(
  worker: number,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(worker, request, response).catch((error: unknown) => {
      send(response, 500, 'text/plain; charset=utf-8', `${String(error)}\n`);
    });
  };
}

/**
 * Whether a request may come in. A page of another site must not chat through a server on loopback (a browser puts
 * its own origin in the header, and no page can change it), nor reach it under a name of its own.
 */
export function isWelcome(headers: IncomingMessage['headers'], loopback: boolean): boolean {
  if (!loopback) return true;
  const host = headers.host ?? '';
  if (!/^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host)) return false;
  return headers.origin === undefined || headers.origin === `http://${host}`;
}

async function answer(worker: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const file = FILES.get(path);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    send(response, 405, 'text/plain; charset=utf-8', 'Only GET and HEAD.\n');
  } else if (path === '/worker') {
    send(response, 200, 'text/plain; charset=utf-8', `worker: ${worker}\n`);
  } else if (file === undefined) {
    send(response, 404, 'text/plain; charset=utf-8', 'There are / and /worker here.\n');
  } else {
    send(response, 200, file[1], await readFile(new URL(`./page/${file[0]}`, import.meta.url)));
  }
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type });
  response.end(body);
}
