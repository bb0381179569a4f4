/**
 * The least that decoding to JSON can be: payloads from a file (length as u32 little endian, then the bytes),
 * @msgpack/msgpack decode, JSON.stringify. Usage: bare-loop.js FILE [write]. With `write` the JSON goes to standard
 * output in blocks of 64 KB, else it is thrown away.
 */
import { readFileSync, writeSync } from 'node:fs';
import { decode } from '@msgpack/msgpack';

const BLOCK = 64 * 1024;
const [, , file, mode] = process.argv;
const bytes = readFileSync(file);
let text = '';
let characters = 0;
for (let at = 0; at < bytes.length;) {
  const start = at + 4;
  at = start + bytes.readUInt32LE(at);
  const json = JSON.stringify(decode(bytes.subarray(start, at)));
  characters += json.length;
  if (mode !== 'write') continue;
  text += `${json}\n`;
  if (text.length < BLOCK) continue;
  writeSync(1, text);
  text = '';
}
if (mode === 'write') writeSync(1, text);
process.stderr.write(`${characters} characters\n`);
