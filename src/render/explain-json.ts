import type { Explanation, Fact, Layer, Row } from '../explain/row.ts';
import { quoteJson, writeJsonValue } from './json-value.ts';

/**
 * The annotated dump for tools, a line of JSON each; `seq` ties them to the message's record, which comes first.
 * A row says `layer`, `offset`, `length`, `path` and `type`, a field of a stream entry says `field` instead.
 * Values are complete and in the output contract's wrappers.
 */
export function writeExplanationLines(seq: number, { facts, layers }: Explanation): string[] {
  return [
    ...facts.map((fact) => writeFact(seq, fact)),
    ...layers.flatMap((layer) => layer.rows.map((row) => writeRow(seq, layer, row))),
  ];
}

function writeFact(seq: number, { name, value, note, part }: Fact): string {
  return `{"seq":${seq},"field":${quoteJson(name)},"value":${quoteJson(value)}${writeNote('note', note)},"part":"${part}"}`;
}

function writeRow(seq: number, { name }: Layer, row: Row): string {
  const { offset, lengthBytes, path, type, value, argument, note, how, part } = row;
  let text = `{"seq":${seq},"layer":"${name}","offset":${offset},"length":${lengthBytes}`;
  text += `,"path":${quoteJson(path)},"type":${quoteJson(type)}`;
  if (value !== undefined) text += `,"value":${writeJsonValue(value)}`;
  else if (argument !== undefined) text += `,"value":${quoteJson(argument)}`;
  text += writeNote('note', note) + writeNote('how', how);
  return `${text},"part":"${part}"}`;
}

function writeNote(name: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${name}":${quoteJson(text)}`;
}
