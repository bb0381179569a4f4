import type { Message } from '../model/message.ts';
import { isAdapterChannel, parseChannel } from './channel.ts';
import type { Dissector } from './dissector.ts';
import type { Draft } from './fields.ts';

/** SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites, where one of the names has an adapter's shape. */
export const subscription: Dissector = {
  name: 'subscription',
  dissect({ frame, keys }): Message | undefined {
    if (frame.channels === undefined) return undefined;
    const names = frame.channels.map((channel) => Buffer.from(channel).toString('utf8'));
    const first = names.find((name) => isAdapterChannel(name, keys));
    if (first === undefined) return undefined;
    const message: Draft = { kind: 'subscription' };
    const parsed = parseChannel(first, keys);
    if (parsed !== undefined) message.key = parsed.key;
    if (parsed?.nsp !== undefined) message.nsp = parsed.nsp;
    return message;
  },
};
