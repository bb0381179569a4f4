import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { type Command, InvalidArgumentError } from 'commander';
import { parseTarget, type RedisTarget, type TlsFiles } from '../redis/target.ts';
import { UsageError } from './errors.ts';

const DEFAULT_URL = 'redis://127.0.0.1:6379';

/** How to reach a Redis: the same words on every command that attaches to one. */
export interface RedisOptions {
  readonly url?: string;
  readonly user?: string;
  readonly tlsCa?: Buffer;
  readonly tlsCert?: Buffer;
  readonly tlsKey?: Buffer;
  readonly sni?: string;
  readonly insecure?: true;
}

export function addRedisOptions(command: Command): Command {
  return command
    .option('--url <url>', `redis://…, rediss://… or unix://… (default: REDIS_URL, else ${DEFAULT_URL})`)
    .option('--user <name>', 'ACL user; the password comes from the URL, REDISCLI_AUTH or a prompt')
    .option('--tls-ca <file>', 'certificate authority to trust (PEM); implies TLS', readPem)
    .option('--tls-cert <file>', 'client certificate (PEM)', readPem)
    .option('--tls-key <file>', 'key of the client certificate (PEM)', readPem)
    .option('--sni <name>', 'server name to ask for and to check')
    .option('--insecure', 'accept any certificate');
}

/** The Redis that the options, the environment and the defaults name, in this order. */
export async function readTarget(options: RedisOptions): Promise<RedisTarget> {
  const url =
    options.url ?? (process.env.REDIS_URL === '' ? undefined : process.env.REDIS_URL) ?? DEFAULT_URL;
  const tls = readTls(options);
  const target = {
    url,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(tls === undefined ? {} : { tls }),
  };
  const password = await findPassword(target);
  return password === undefined ? target : { ...target, password };
}

function readTls({ tlsCa, tlsCert, tlsKey, sni, insecure }: RedisOptions): TlsFiles | undefined {
  const files = {
    ...(tlsCa === undefined ? {} : { ca: tlsCa }),
    ...(tlsCert === undefined ? {} : { cert: tlsCert }),
    ...(tlsKey === undefined ? {} : { key: tlsKey }),
    ...(sni === undefined ? {} : { sni }),
    ...(insecure === undefined ? {} : { insecure }),
  };
  return Object.keys(files).length === 0 ? undefined : files;
}

async function findPassword(target: RedisTarget): Promise<string | undefined> {
  const endpoint = endpointOf(target);
  if (endpoint.password !== undefined) return undefined;
  const said = process.env.REDISCLI_AUTH;
  if (said !== undefined && said !== '') return said;
  if (target.user === undefined || !process.stdin.isTTY) return undefined;
  return askPassword(`Password of ${target.user} at ${endpoint.node}: `);
}

function endpointOf(target: RedisTarget): { readonly node: string; readonly password?: string } {
  try {
    return parseTarget(target);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--url: ${error.message}`);
    throw error;
  }
}

/** Asks without showing what is typed. */
async function askPassword(question: string): Promise<string> {
  process.stderr.write(question);
  const silence = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const prompt = createInterface({ input: process.stdin, output: silence, terminal: true });
  const password = await prompt.question('');
  prompt.close();
  process.stderr.write('\n');
  return password;
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot read it (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
    );
  }
}
