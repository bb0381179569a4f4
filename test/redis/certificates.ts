import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A private authority and a certificate of it for `redis.test`, made by openssl; files and contents. */
export interface Certificates {
  readonly directory: string;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Words for redis-server: TLS on `port`, the plain port off. */
  serverArgs(port: number): readonly string[];
  remove(): Promise<void>;
}

export async function makeCertificates(): Promise<Certificates> {
  const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-tls-'));
  const file = (name: string): string => join(directory, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await run('openssl', [
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
  ]);
  await run('openssl', [
    ...['req', '-x509', ...newKey, '-subj', '/CN=redis.test', '-addext', 'subjectAltName=DNS:redis.test'],
    ...[
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-keyout',
      file('redis.key'),
      '-out',
      file('redis.crt'),
    ],
  ]);
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'redis.crt', 'redis.key'].map((name) => readFile(file(name))),
  );
  if (ca === undefined || cert === undefined || key === undefined) throw new Error('openssl made no files.');
  return {
    directory,
    ca,
    cert,
    key,
    serverArgs: (port) => [
      ...['--port', '0', '--tls-port', String(port), '--tls-ca-cert-file', file('ca.crt')],
      ...['--tls-cert-file', file('redis.crt'), '--tls-key-file', file('redis.key')],
    ],
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
