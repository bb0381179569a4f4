import { asBuffer } from '../bytes/decode-error.ts';
import type { Message } from '../model/message.ts';
import { isAdapterChannel } from './channel.ts';
import type { Dissector } from './dissector.ts';
import { asText, draft, infer, isMap, keepRest, readFields } from './fields.ts';
import { isReading, type View } from './view.ts';

/** Laravel's own key prefix, `<app>_database_` (laravel 6 and later, `config/database.php`). */
const PREFIX = /^[a-z0-9_-]*_database_/;

/**
 * Laravel's broadcasts for Laravel Echo Server (laravel/framework, `RedisBroadcaster`): JSON
 * `{"event", "data", "socket"}` on a channel named like the audience, behind Laravel's key prefix. Not an adapter's
 * message: it feeds a Socket.IO server.
 */
export const laravel: Dissector = {
  name: 'Laravel broadcast',
  dissect(view: View): Message | undefined {
    if (view.frame.entry !== undefined || view.frame.command === 'SET' || view.bytes[0] !== 0x7b)
      return undefined;
    if (!asBuffer(view.bytes).includes('"socket"')) return undefined;
    const root = view.read('json');
    if (!isReading(root) || !isMap(root)) return undefined;
    const fields = readFields(root);
    const event = asText(fields.of.get('event'));
    const data = fields.of.get('data');
    const socket = fields.of.get('socket');
    const isSocket = socket?.type === 'nil' || asText(socket) !== undefined;
    if (event === undefined || data === undefined || socket === undefined || !isSocket) return undefined;
    if (root.entries.length !== 3) return undefined;
    const message = draft('broadcast', 'laravel', 'json');
    message.event = event;
    message.args = [data];
    if (socket.type === 'str') message.except = [socket];
    if (view.channel !== undefined && !isAdapterChannel(view.channel, [])) {
      const prefix = PREFIX.exec(view.channel)?.[0];
      if (prefix !== undefined) message.key = prefix;
      message.room = view.channel.slice(prefix?.length ?? 0);
      infer(message, 'room');
    }
    keepRest(message, root, fields, new Set(['event', 'data', 'socket']), 'message');
    message.body = { bytes: view.bytes, root };
    return message;
  },
};
