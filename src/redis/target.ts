import type { RedisOptions } from 'ioredis';

/** Which Redis, and as whom. `user` and `password` win over what the URL says. */
export interface RedisTarget {
  /** `redis://[user:password@]host[:port][/db]`, `rediss://…`, or `unix://[user:password@]/path[?db=n]`. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Makes a `redis://` URL a TLS one. */
  readonly tls?: TlsFiles;
}

/** Contents of PEM files, not their names. */
export interface TlsFiles {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name to ask for and to check, where it is not the host's. */
  readonly sni?: string;
  /** Accepts any certificate. */
  readonly insecure?: boolean;
}

/** A target taken apart. `node` is how it is shown: `host:port` or `unix:PATH`. */
export interface Endpoint {
  readonly node: string;
  readonly secure: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly db: number;
  /** What ioredis needs to reach it; no secrets in it but the TLS key. */
  readonly socket: Pick<RedisOptions, 'host' | 'port' | 'path' | 'tls'>;
}

const DEFAULT_PORT = 6379;
const UNIX_URL = /^unix:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?(\/[^?#]*)(?:\?(?:.*&)?db=(\d+))?/;
const WHAT_FITS = 'use redis://host:port, rediss://host:port (TLS) or unix:///path/to/redis.sock';

/** @throws {TypeError} when the URL is none of the three kinds; the message has no password in it. */
export function parseTarget(target: RedisTarget): Endpoint {
  const endpoint = target.url.startsWith('unix:') ? parseUnixUrl(target.url) : parseTcpUrl(target);
  const user = target.user ?? endpoint.user;
  const password = target.password ?? endpoint.password;
  return {
    node: endpoint.node,
    secure: endpoint.secure,
    db: endpoint.db,
    socket: endpoint.socket,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}

/** Whether it is on this machine, by its address. */
export function isLoopback(target: RedisTarget): boolean {
  const { path, host = '' } = parseTarget(target).socket;
  return path !== undefined || /^(?:127\.|localhost$|::1$)/.test(host);
}

/** The URL with its password replaced by `***`: what may be printed, logged or recorded. */
export function redactUrl(url: string): string {
  // Greedy on purpose: a password typed with a raw "@" or "/" must not come through in part.
  return url.replace(
    /^([a-z+]*:\/\/)?([^:@/]*):.*@/i,
    (_, scheme = '', user = '') => `${String(scheme)}${String(user)}:***@`,
  );
}

function parseUnixUrl(url: string): Endpoint {
  const match = UNIX_URL.exec(url);
  if (match === null) throw new TypeError(`Not a Redis URL: "${redactUrl(url)}". Please ${WHAT_FITS}.`);
  const [, user, password, path = '', db = '0'] = match;
  return {
    node: `unix:${decode(path)}`,
    secure: false,
    db: Number(db),
    socket: { path: decode(path) },
    ...credentials(user, password),
  };
}

function parseTcpUrl(target: RedisTarget): Endpoint {
  const url = readUrl(target.url);
  const secure = url.protocol === 'rediss:' || target.tls !== undefined;
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || '127.0.0.1';
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const db = /^\/(\d+)$/.exec(url.pathname)?.[1] ?? '0';
  return {
    node: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    secure,
    db: Number(db),
    socket: { host, port, ...(secure ? { tls: tlsOptions(host, target.tls ?? {}) } : {}) },
    ...credentials(url.username, url.password),
  };
}

function readUrl(text: string): URL {
  const wrong = (): TypeError => new TypeError(`Not a Redis URL: "${redactUrl(text)}". Please ${WHAT_FITS}.`);
  if (!URL.canParse(text)) throw wrong();
  const url = new URL(text);
  const isRedis = url.protocol === 'redis:' || url.protocol === 'rediss:';
  // "redis:6379" parses too, as a path.
  if (!isRedis || !/^rediss?:\/\//i.test(text)) throw wrong();
  return url;
}

function tlsOptions(host: string, files: TlsFiles): NonNullable<RedisOptions['tls']> {
  const { ca, cert, key, sni, insecure } = files;
  // An address is no name to ask for (RFC 6066, section 3).
  const servername = sni ?? (/^[\d.]+$|:/.test(host) ? undefined : host);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(insecure === true ? { rejectUnauthorized: false } : {}),
  };
}

function credentials(user = '', password = ''): { user?: string; password?: string } {
  return {
    ...(user === '' ? {} : { user: decode(user) }),
    ...(password === '' ? {} : { password: decode(password) }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A "%" that encodes nothing: it was meant as it stands.
    return text;
  }
}
