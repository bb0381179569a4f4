/**
 * The script that one writes first: ioredis delivers, @msgpack/msgpack decodes, one line of JSON for each message.
 * Usage: plain-subscriber.js PORT. Ends at SIGINT.
 */
import { decode } from '@msgpack/msgpack';
import { Redis } from 'ioredis';

const redis = new Redis(Number(process.argv[2]), '127.0.0.1');
redis.on('error', () => undefined);
redis.on('pmessageBuffer', (_pattern, channel, payload) => {
  const [uid, packet, options] = decode(payload);
  process.stdout.write(`${JSON.stringify({ channel: channel.toString(), uid, packet, options })}\n`);
});
await redis.psubscribe('socket.io*');
process.on('SIGINT', () => redis.disconnect());
