import type { Endpoint } from './target.ts';

export type RedisFailureCode =
  | 'refused'
  | 'auth'
  | 'no-permission'
  | 'dns'
  | 'tls'
  | 'not-redis'
  | 'loading'
  | 'max-clients'
  | 'unknown-command'
  | 'timeout'
  | 'closed'
  /** It would work, and disturb; or it cannot work in such a deployment. */
  | 'unsuitable';

/** Why Redis cannot be used: the message says what was tried, what stands in the way, and what to do. No secrets. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';
  readonly code: RedisFailureCode;

  constructor(code: RedisFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What is known about an attempt that failed. */
export interface Attempted {
  readonly endpoint: Endpoint;
  /** In words, with Redis' own command: `PSUBSCRIBE socket.io*`. */
  readonly command: string;
  /** The first bytes that came from there, if any. */
  readonly firstBytes?: Buffer;
}

/** Turns whatever went wrong into a RedisFailure. The first error that says something wins. */
export function toRedisFailure(errors: readonly unknown[], attempted: Attempted): RedisFailure {
  const notRedis = explainStranger(attempted);
  if (notRedis !== undefined) return notRedis;
  for (const error of errors) {
    if (error instanceof RedisFailure) return error;
    const failure = explainSystem(error, attempted) ?? explainReply(messageOf(error), attempted);
    if (failure !== undefined) return failure;
  }
  const refusal = errors.find(isReply);
  if (refusal !== undefined) {
    const { command, endpoint } = attempted;
    return new RedisFailure(
      'refused',
      `Redis at ${endpoint.node} refuses ${command}: "${shorten(messageOf(refusal))}".`,
    );
  }
  const said = errors
    .map(messageOf)
    .find((message) => message !== '' && !/connection is closed/i.test(message));
  const { node, secure } = attempted.endpoint;
  const hint = secure ? 'does it speak TLS?' : 'if it expects TLS, use rediss://';
  const detail = said === undefined ? '' : ` (${said})`;
  return new RedisFailure(
    'closed',
    `Redis at ${node} closed the connection at ${attempted.command}${detail}: ${hint}.`,
  );
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** What Redis answered instead of doing it; undefined for words that are none of the known refusals. */
export function explainReply(reply: string, { endpoint, command }: Attempted): RedisFailure | undefined {
  const { node } = endpoint;
  const user = endpoint.user ?? 'default';
  const fail = (code: RedisFailureCode, message: string): RedisFailure => new RedisFailure(code, message);
  if (/\bNOAUTH\b|operation not permitted/i.test(reply)) {
    return fail(
      'auth',
      `Redis at ${node} asks for a password and none was given: put it into the URL (redis://USER:PASSWORD@host:port) or into REDISCLI_AUTH.`,
    );
  }
  if (/\bWRONGPASS\b|invalid password/i.test(reply)) {
    return fail(
      'auth',
      `Redis at ${node} does not accept this password for user "${user}", or the user is switched off: check user and password (ACL LIST shows users to an administrator).`,
    );
  }
  if (/\bNOPERM\b/.test(reply)) return fail('no-permission', explainForbidden(reply, command, user, node));
  if (/\bLOADING\b/.test(reply)) {
    return fail(
      'loading',
      `Redis at ${node} is still loading its data set: try again when it is done (INFO persistence shows loading_eta_seconds).`,
    );
  }
  if (/max number of clients/i.test(reply)) {
    return fail(
      'max-clients',
      `Redis at ${node} has no room for another connection (its maxclients is reached): close some, or raise it with CONFIG SET maxclients.`,
    );
  }
  if (/unknown (sub)?command/i.test(reply)) {
    return fail(
      'unknown-command',
      `Redis at ${node} does not know ${firstWord(command)} ("${shorten(reply)}"): it is switched off or renamed there, or this Redis is too old.${instead(command)}`,
    );
  }
  if (/\bDENIED\b/.test(reply)) {
    return fail(
      'no-permission',
      `Redis at ${node} is in protected mode and talks to its own machine only: connect from there (an ssh tunnel does), or give it a password.`,
    );
  }
  if (/not allowed|disabled|not supported/i.test(reply)) {
    return fail(
      'no-permission',
      `Redis at ${node} refuses ${command} ("${shorten(reply)}").${instead(command)}`,
    );
  }
  return undefined;
}

function explainForbidden(reply: string, command: string, user: string, node: string): string {
  const word = firstWord(command);
  const pattern = command.slice(word.length + 1);
  if (word === 'PSUBSCRIBE' && /channel/i.test(reply)) {
    return (
      `Redis at ${node} does not let user "${user}" listen to the pattern "${pattern}". ` +
      `For PSUBSCRIBE one of the user's channel rules must be this very pattern, letter for letter; a wider one does not do. ` +
      `Either add it (ACL SETUSER ${user} '&${pattern}'), or watch with a pattern that ACL GETUSER ${user} lists.` +
      instead(command)
    );
  }
  const rule = word === 'PSUBSCRIBE' ? `+psubscribe '&${pattern}'` : `+${word.toLowerCase()}`;
  return `Redis at ${node} does not let user "${user}" run ${word}. An administrator can allow it: ACL SETUSER ${user} ${rule}.${instead(command)}`;
}

/** What works where a way does not. */
function instead(command: string): string {
  switch (firstWord(command)) {
    case 'MONITOR':
      return ' Instead there is --via subscribe: what is broadcast, not who sent it; --via auto finds out what is permitted.';
    case 'PSUBSCRIBE':
      return ' Instead there are --via stream, for the streams adapter, and --via monitor, for all, at a price; --via auto finds out what is permitted.';
    case 'XREAD':
    case 'XINFO':
      return ' Streams need Redis 5.0. Instead there is --via monitor, at a price: it shows what is added to a stream, too.';
    default:
      return '';
  }
}

const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const TIMEOUT = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);
const CERTIFICATE =
  /CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|ALTNAME|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/;

function explainSystem(error: unknown, { endpoint, command }: Attempted): RedisFailure | undefined {
  const { node, secure } = endpoint;
  const code = codeOf(error);
  const said = shorten(messageOf(error));
  const fail = (as: RedisFailureCode, message: string): RedisFailure =>
    new RedisFailure(as, message, { cause: error });
  if (code === 'ECONNREFUSED' || code === 'ENOENT') {
    return fail(
      'refused',
      `Cannot connect to Redis at ${node}: nothing listens there. Start Redis, or name another one with --url or REDIS_URL.`,
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return fail(
      'refused',
      `Cannot connect to Redis at ${node}: this account may not open it. Check who may read and write the socket.`,
    );
  }
  if (DNS.has(code)) {
    return fail(
      'dns',
      `Cannot connect to Redis at ${node}: no such host name is known here. Check the name in --url or REDIS_URL.`,
    );
  }
  if (CERTIFICATE.test(code)) return fail('tls', explainCertificate(code, said, node));
  if (code === 'EPROTO' || /^ERR_(SSL|OSSL|TLS)/.test(code)) {
    return fail(
      'tls',
      `Cannot speak TLS with Redis at ${node} (${said}). If it is a plain port, use redis:// instead of rediss://.`,
    );
  }
  if (secure && (code === 'ECONNRESET' || /before secure TLS/i.test(said))) {
    return fail(
      'tls',
      `Redis at ${node} broke off the TLS greeting. If it is a plain port, use redis:// instead of rediss://; if it wants a client certificate, give --tls-cert and --tls-key.`,
    );
  }
  if (TIMEOUT.has(code) || /command timed out/i.test(said)) {
    return fail(
      'timeout',
      `No answer from Redis at ${node} to ${command} in time. Check the address, a firewall in between, and whether it expects TLS (rediss://).`,
    );
  }
  return undefined;
}

/** The server took the connection and did not answer the TLS greeting. */
export function explainNoGreeting({ node }: Endpoint): RedisFailure {
  return new RedisFailure(
    'tls',
    `The server at ${node} does not answer in TLS. If it is a plain port, use redis:// instead of rediss://.`,
  );
}

function explainCertificate(code: string, said: string, node: string): string {
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(code)) {
    return `Redis at ${node} wants a client certificate: give --tls-cert and --tls-key.`;
  }
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return `The certificate of Redis at ${node} is for another name (${said}): give the right name with --sni.`;
  }
  return `The certificate of Redis at ${node} cannot be trusted (${said}): give its authority with --tls-ca, or accept any with --insecure.`;
}

/** Bytes with which no RESP reply starts were sent by somebody who is not Redis. */
function explainStranger({ endpoint, firstBytes }: Attempted): RedisFailure | undefined {
  if (firstBytes === undefined || firstBytes.length === 0) return undefined;
  const { node } = endpoint;
  const start = firstBytes.toString('latin1', 0, 8);
  if (/^[-+:$*_#,(!=%~>|]/.test(start)) return undefined;
  // A TLS record: alert (0x15) or handshake (0x16), version 3.x.
  if (/^[\x15\x16]\x03/.test(start)) {
    return new RedisFailure('tls', `The server at ${node} expects TLS: use rediss:// instead of redis://.`);
  }
  const name = start.startsWith('HTTP/')
    ? 'an HTTP server'
    : start.startsWith('SSH-')
      ? 'an SSH server'
      : 'a server that is not Redis';
  return new RedisFailure(
    'not-redis',
    `At ${node} there is ${name}: check host and port in --url or REDIS_URL (Redis' own port is 6379).`,
  );
}

function codeOf(error: unknown): string {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstWord(command: string): string {
  return command.split(' ', 1)[0] ?? '';
}

const SHOWN_CHARACTERS = 160;

/** One line of somebody else's words, with nothing in it that a terminal would obey. */
function shorten(text: string): string {
  const line = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}
