import { BytePiece } from '../bytes/byte-block.ts';
import type { Message } from '../model/message.ts';
import { quoteJson } from '../render/json-value.ts';

/** Emitters of several versions have the same uid. */
const MAX_HABITS = 8;

/** What the dissector concludes from how a server writes. */
export interface QuickHabit {
  /** What it is concluded from, beside the uid: see `QuickBroadcast.write`. */
  readonly sort: number;
  /** `,"adapter":…,"version":…,"encoding":"msgpack","bytes":` */
  readonly dialect: BytePiece;
  /** `,"inferred":[…]}` and the line's end. */
  readonly tail: BytePiece;
}

/** A server, and what was learned from its messages. */
export interface QuickSender {
  /** `,"kind":"broadcast","uid":…` */
  readonly who: BytePiece;
  /** The one of its last message first. */
  readonly habits: readonly [QuickHabit, ...QuickHabit[]];
}

const NOTHING = new BytePiece('');

/** Stands in for a sender that nothing was learned about. */
export const NO_SENDER: QuickSender = {
  who: NOTHING,
  habits: [{ sort: -1, dialect: NOTHING, tail: NOTHING }],
};

/** A sender that wrote `message`, a broadcast of the sort `sort`, and what was known of it before. */
export function learnSender(known: QuickSender, sort: number, message: Message): QuickSender {
  const { uid = '', adapter = '', version, inferred } = message;
  const versionField = version === undefined ? '' : `,"version":${quoteJson(version)}`;
  const inferredField = inferred === undefined ? '' : `,"inferred":${JSON.stringify(inferred)}`;
  const habit: QuickHabit = {
    sort,
    dialect: new BytePiece(
      Buffer.from(`,"adapter":"${adapter}"${versionField},"encoding":"msgpack","bytes":`),
    ),
    tail: new BytePiece(Buffer.from(`${inferredField}}\n`)),
  };
  const others = known.habits.filter((other) => other.sort >= 0 && other.sort !== sort);
  return {
    who: new BytePiece(Buffer.from(`,"kind":"broadcast","uid":${quoteJson(uid)}`)),
    habits: [habit, ...others.slice(0, MAX_HABITS - 1)],
  };
}

/** The sender as it writes in this sort, or undefined when it was not seen to do so. */
export function withHabit(sender: QuickSender, sort: number): QuickSender | undefined {
  const habit = sender.habits.find((known) => known.sort === sort);
  if (habit === undefined) return undefined;
  return { who: sender.who, habits: [habit, ...sender.habits.filter((known) => known !== habit)] };
}
