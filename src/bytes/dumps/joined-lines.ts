import { isWholeMessage } from './whole-message.ts';

export interface JoinedOrLines {
  readonly messages: readonly Uint8Array[];
  readonly notes: readonly string[];
}

/**
 * Lines of digits are one message that was wrapped (`xxd -p`, `base64`) or one message each. They are joined where
 * the whole decodes, or where none of them does and they look wrapped: one width, but for the last. Empty lines
 * part messages.
 */
export function* readJoinedOrLines(
  lines: readonly string[],
  readLine: (line: string) => Buffer | undefined,
): Iterable<JoinedOrLines> {
  const groups = splitAtEmptyLines(lines);
  const joined = groups.map((group) => readLine(group.map((line) => line.trim()).join('\n')));
  const each = groups.flat().map(readLine);
  const wraps = groups.some((group) => group.length > 1);
  if (isComplete(joined) && (!wraps || joined.every(isWholeMessage) || !isComplete(each))) {
    yield { messages: joined, notes: [] };
    return;
  }
  if (!isComplete(each)) return;
  if (isComplete(joined) && !each.some(isWholeMessage) && groups.every(looksWrapped)) {
    yield {
      messages: joined,
      notes: ['joined the lines, because they have one width and none decodes alone'],
    };
  }
  yield { messages: each, notes: each.length > 1 ? ['read one message a line'] : [] };
}

function isComplete(messages: readonly (Buffer | undefined)[]): messages is readonly Buffer[] {
  return messages.length > 0 && messages.every((bytes) => bytes !== undefined);
}

function looksWrapped(group: readonly string[]): boolean {
  const width = group[0]?.length ?? 0;
  return group.every(
    (line, index) => line.length === width || (index === group.length - 1 && line.length < width),
  );
}

function splitAtEmptyLines(lines: readonly string[]): string[][] {
  const groups: string[][] = [[]];
  for (const line of lines) {
    if (line.trim() !== '') groups.at(-1)?.push(line);
    else if (groups.at(-1)?.length !== 0) groups.push([]);
  }
  return groups.filter((group) => group.length > 0);
}
