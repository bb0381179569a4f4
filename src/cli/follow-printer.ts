import type { Threads } from '../analyse/correlate.ts';
import type { FollowStep } from '../analyse/correlate-follow.ts';
import type { LiveEvent } from '../capture/live/way.ts';
import { writeRecord } from '../render/json-lines.ts';
import { PrettyLines } from '../render/pretty.ts';
import { safeText } from '../render/safe-text.ts';
import type { Theme } from '../render/theme.ts';
import { writeReplyNote, writeVerdict } from '../render/thread.ts';
import { writeThreadJson } from '../render/thread-json.ts';
import { say } from './notice.ts';
import type { OutputOptions } from './options.ts';
import { Output } from './output.ts';
import { columnsOf, themeFor, wantsWholeLines } from './terminal.ts';

/** Writes what is followed: the lines of monitor with who answered when, and a verdict; or records and thread lines. */
export class FollowPrinter {
  shown = 0;
  readonly #output = new Output(process.stdout);
  readonly #json: boolean;
  readonly #theme: Theme;
  readonly #lines: PrettyLines;

  constructor(options: OutputOptions) {
    this.#json = options.json === true;
    this.#theme = themeFor(process.stdout, options.color);
    this.#lines = new PrettyLines({
      theme: this.#theme,
      columns: columnsOf(process.stdout),
      full: wantsWholeLines(process.stdout, options.full),
      utc: options.utc === true,
    });
  }

  get closed(): AbortSignal {
    return this.#output.closed;
  }

  show(steps: readonly FollowStep[], threads: Threads): void {
    for (const step of steps) {
      this.shown++;
      if (step.is === 'closed') {
        this.#output.line(
          this.#json
            ? writeThreadJson(step.thread, threads)
            : writeVerdict(step.thread, threads, this.#theme),
        );
      } else if (this.#json) {
        this.#output.line(writeRecord(step.observed));
      } else {
        this.#output.line(this.#lines.write(step.observed));
        if (step.reply !== undefined) this.#output.line(`    ${writeReplyNote(step.reply, this.#theme)}`);
      }
    }
  }

  /** `price` is said once, as soon as it is paid. */
  tell(event: LiveEvent, price: string | undefined): void {
    if (event.is === 'attached')
      say(
        `attached to ${safeText(event.node)} by ${event.commands.map(safeText).join(', ')} · read-only: the servers do not notice us`,
      );
    else if (event.is === 'lost') say(`lost ${safeText(event.node)}: ${safeText(event.why)}`);
    else if (event.is === 'watching' && price !== undefined) say(price);
  }

  flush(): Promise<void> {
    return this.#output.flush();
  }
}
