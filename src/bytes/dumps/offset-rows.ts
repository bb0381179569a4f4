/** A row of a dump: its offset as printed, and what follows it. */
interface OffsetRow {
  readonly offset: string;
  readonly body: string;
  /** A `*` stood after this row: it repeats up to the next offset. */
  readonly repeats: boolean;
}

/** Rows that belong together: one dumped file or packet. */
export interface OffsetBlock {
  readonly rows: readonly OffsetRow[];
  /** The last line of `hexdump` and `od`: the length alone. */
  readonly end?: string;
  /** Rows are written `00000000: …` (xxd, tcpdump). */
  readonly colon: boolean;
}

export interface OffsetBlocks {
  readonly blocks: readonly OffsetBlock[];
  /** Lines around the rows: headings, summaries, prompts. */
  readonly foreignLines: number;
}

const ROW = /^\s*(?:0x)?([0-9a-fA-F]{4,16})(:?)(?:\s(.*))?$/;

interface OpenBlock {
  rows: { offset: string; body: string; repeats: boolean }[];
  colon: boolean;
}

/** Parts text into dumps with offsets; a row whose offset is zero starts a new one, so does a row after other text. */
export function findOffsetBlocks(lines: readonly string[]): OffsetBlocks {
  const blocks: OffsetBlock[] = [];
  let open: OpenBlock | undefined;
  let foreignLines = 0;
  const close = (end?: string): void => {
    if (open !== undefined) blocks.push(end === undefined ? open : { ...open, end });
    open = undefined;
  };
  for (const line of lines) {
    const match = ROW.exec(line);
    const last: OpenBlock['rows'][number] | undefined = open?.rows.at(-1);
    if (line.trim() === '*' && last !== undefined) {
      last.repeats = true;
    } else if (match === null) {
      if (line.trim() !== '') foreignLines++;
      close();
    } else if ((match[3] ?? '') === '' && match[2] === '') {
      if (open === undefined) foreignLines++;
      close(match[1]);
    } else {
      const row = { offset: match[1] ?? '', body: match[3] ?? '', repeats: false };
      if (/^0+$/.test(row.offset)) close();
      open ??= { rows: [], colon: match[2] === ':' };
      open.rows.push(row);
    }
  }
  close();
  return { blocks, foreignLines };
}
