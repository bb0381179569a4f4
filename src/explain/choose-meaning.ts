import type { Frame } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import type { Meaning } from './meaning.ts';
import {
  customRequest,
  envelope,
  oldEnvelope,
  orderRequest,
  questionRequest,
  response,
  serverSideEmit,
} from './meanings/classic.ts';
import { clusterBody, clusterMessage } from './meanings/cluster.ts';
import { googollee, laravel, netty, socketioxideRequest, socketioxideResponse } from './meanings/others.ts';
import { python } from './meanings/python.ts';
import { session } from './meanings/sockets.ts';
import type { Token } from './token.ts';

/** Requests that order something; their `rooms` are not who is meant. */
const ORDERS = new Set(['REMOTE_JOIN', 'REMOTE_LEAVE', 'remoteJoin', 'remoteLeave']);

/** Which table explains the message. For a broken one: what its first byte and its channel make probable. */
export function chooseMeaning(frame: Frame, message: Message, tokens: readonly Token[]): Meaning | undefined {
  if (message.type === 'SESSION') return session;
  if (frame.entry !== undefined) return clusterBody(message.type);
  const { adapter } = message;
  if (adapter === undefined) return guess(frame, message, tokens);
  switch (adapter) {
    case 'python':
      return python;
    case 'redis-sharded':
    case 'redis-streams':
      return clusterMessage(message.type);
    case 'redis':
    case 'emitter':
      return chooseClassic(message, tokens);
    case 'socketioxide':
      return message.kind === 'response' ? socketioxideResponse : socketioxideRequest;
    case 'googollee':
      return googollee;
    case 'netty':
      return netty;
    case 'laravel':
      return laravel;
  }
}

function chooseClassic(message: Message, tokens: readonly Token[]): Meaning {
  if (message.kind === 'broadcast') return chooseEnvelope(tokens);
  if (message.kind === 'response') return response;
  if (message.type === 'SERVER_SIDE_EMIT') return serverSideEmit;
  if (message.type === 'customRequest') return customRequest;
  return message.type !== undefined && ORDERS.has(message.type) ? orderRequest : questionRequest;
}

function chooseEnvelope(tokens: readonly Token[]): Meaning {
  return tokens[1]?.shape === 'map' ? oldEnvelope : envelope;
}

function guess(frame: Frame, message: Message, tokens: readonly Token[]): Meaning | undefined {
  const channel = frame.channel === undefined ? '' : Buffer.from(frame.channel).toString('utf8');
  const root = tokens[0];
  if (root?.shape === 'array') return chooseEnvelope(tokens);
  if (root?.shape !== 'map') return undefined;
  if (/-request#|-sync#request#/.test(channel)) return questionRequest;
  if (/-response#|-sync#response#/.test(channel)) return response;
  const keys = new Set(tokens.filter((token) => token.role === 'key' && token.parent === 0).map(keyText));
  if (keys.has('method')) return python;
  return keys.has('data') && keys.has('type') ? clusterMessage(message.type) : questionRequest;
}

function keyText(token: Token): string {
  return String(token.segment);
}
