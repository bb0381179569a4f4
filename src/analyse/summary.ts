import { EMITTER } from '../model/message.ts';
import type { Observed } from '../model/observed.ts';

/** Names counted at most, each of events, servers and commands: beyond that they are counted together. */
const MAX_NAMES = 10_000;

/** Counts one run: what the summary at its end says. */
export class Summary {
  messages = 0;
  bytes = 0;
  undecoded = 0;
  gaps = 0;
  /** Messages that are known to be missing; gaps whose size is unknown are not in it. */
  missed = 0;
  others = 0;
  /** How many of them passed the filters. */
  shown = 0;
  readonly kinds = new Map<string, number>();
  readonly events = new Map<string, number>();
  readonly servers = new Map<string, number>();
  readonly commands = new Map<string, number>();
  emitterMessages = 0;

  add(observed: Observed): void {
    switch (observed.is) {
      case 'gap':
        this.gaps++;
        this.missed += observed.gap.missed ?? 0;
        return;
      case 'unframed':
        this.undecoded++;
        return;
      case 'message':
        this.#addMessage(observed);
    }
  }

  /** Broadcasts of which only the length is known: their events and servers are not counted by name. */
  addBroadcasts(times: number, lengthBytes: number): void {
    this.messages += times;
    this.bytes += lengthBytes;
    count(this.kinds, 'broadcast', times);
  }

  addOther(command: string, times = 1): void {
    this.others += times;
    count(this.commands, command, times);
  }

  #addMessage({ frame, message }: Extract<Observed, { is: 'message' }>): void {
    this.bytes += frame.payload?.length ?? 0;
    count(this.kinds, message.kind);
    if (message.kind === 'undecoded') {
      this.undecoded++;
      return;
    }
    this.messages++;
    if (message.event !== undefined) count(this.events, message.event);
    if (message.uid === EMITTER) this.emitterMessages++;
    else if (message.uid !== undefined) count(this.servers, message.uid);
  }
}

function count(counts: Map<string, number>, name: string, times = 1): void {
  const known = counts.get(name);
  if (known === undefined && counts.size >= MAX_NAMES) return;
  counts.set(name, (known ?? 0) + times);
}
