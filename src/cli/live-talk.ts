import type { Summary } from '../analyse/summary.ts';
import { lookAround, type Survey, survey } from '../capture/live/look-around.ts';
import { DEFAULT_KEY, type Watched } from '../capture/live/visibility.ts';
import type { LiveEvent, LiveWay } from '../capture/live/way.ts';
import { quoteWord } from '../doctor/commands.ts';
import { RedisFailure } from '../redis/failure.ts';
import { type Place, withAllLinks } from '../redis/place.ts';
import { type RedisFacts, readFacts } from '../redis/registry.ts';
import { type RedisTarget, redactUrl } from '../redis/target.ts';
import { plural } from '../render/phrase.ts';
import { safeText } from '../render/safe-text.ts';
import { writeSummary } from '../render/summary-text.ts';
import type { Theme } from '../render/theme.ts';
import { describeServers } from './live-header.ts';
import { say, sayWhole } from './notice.ts';
import { describeBound, priceOf } from './price.ts';
import { themeFor } from './terminal.ts';

/** Silence after which we say what is there instead. */
const QUIET_MS = 5000;
/** How often to say how many commands MONITOR sees. */
const RATE_MS = 10_000;

const SLOW_BEGINNING =
  'attaching to the replication stream: the primary forks for it, after a delay of its own (repl-diskless-sync-delay, 5 s by default)';

/** What is attached to, and how. */
interface Attaching {
  readonly ways: readonly LiveWay[];
  /** Why, where we chose ourselves. */
  readonly because?: string;
  /** What could not be chosen. */
  readonly refused?: readonly RedisFailure[];
}

export interface LiveTalkOptions {
  readonly target: RedisTarget;
  readonly keys: readonly string[] | undefined;
  /** The name that the user gave for a primary behind a Sentinel. */
  readonly sentinel?: string;
  /** When it ends by itself; undefined where it does not. */
  readonly endsAfterMs: number | undefined;
  readonly color: boolean;
  readonly signal: AbortSignal;
}

/** What a live command says to a person, on stderr: what it is attached to, why nothing comes, what it was in the end. */
export class LiveTalk {
  readonly #options: LiveTalkOptions;
  readonly #theme: Theme;
  /** When all was attached; before that nothing can be said about what was there. */
  #watchingSince: number | undefined;
  #place: Place | undefined;
  #ways: readonly LiveWay[] = [];
  #facts: RedisFacts | undefined;
  #quiet: NodeJS.Timeout | undefined;
  readonly #attached = new Set<string>();
  #attachedAt = 0;
  #passedOver = 0;
  #rateSaidAt = 0;
  /** What is said as soon as all ways are attached: before, it would not be true. */
  #banner: string[] = [];

  constructor(options: LiveTalkOptions) {
    this.#options = options;
    this.#theme = themeFor(process.stderr, options.color);
  }

  /** Looks, by connections of its own, at what will be attached to. @throws {RedisFailure} when Redis cannot be reached */
  async begin(place: Place, { ways, because, refused = [] }: Attaching): Promise<void> {
    this.#place = place;
    this.#ways = ways;
    for (const { message } of refused) say(this.#theme.warning(safeText(message)));
    await withAllLinks(place, this.#options.signal, async (links) => {
      this.#facts = await readFacts(links[0]);
      this.#banner = this.#describe(await survey(links), links.length);
    });
    if (ways.includes('replication')) say(this.#theme.dim(SLOW_BEGINNING));
    if (because !== undefined) this.#banner.push(this.#theme.dim(`auto chose ${because}`));
  }

  /** What `begin` has found out. */
  get facts(): RedisFacts | undefined {
    return this.#facts;
  }

  sayBound(ms: number): void {
    this.#banner.push(this.#theme.warning(describeBound(ms)));
  }

  tell(event: LiveEvent): void {
    const { dim, warning } = this.#theme;
    switch (event.is) {
      case 'attached':
        this.#noteAttached(event.node + event.commands.join(), event.node);
        return;
      case 'watching':
        this.#watchingSince = performance.now();
        for (const line of this.#banner) say(line);
        this.#quiet = setTimeout(() => void this.#explainSilence(), QUIET_MS);
        return;
      case 'refused':
        say(dim(`not permitted, done without: ${event.command}`));
        return;
      case 'lost':
        say(warning(`lost ${safeText(event.node)}: ${safeText(event.why)}`));
        return;
      case 'retrying':
        say(
          warning(
            `${safeText(event.failure.message)} Trying again in ${(event.delayMs / 1000).toFixed(1)} s.`,
          ),
        );
        return;
      case 'spooling':
        say(dim('more arrives than is taken: the rest waits in a temporary file'));
        return;
      case 'rate':
        this.#sayRate(event.perSecond);
        return;
      case 'too-fast':
        say(
          warning(
            `MONITOR has ended: Redis executes ${event.perSecond} commands a second, more than --max-rate ${event.limit}.`,
          ),
        );
        return;
    }
  }

  /** Not of the first attachments, of which the header speaks. */
  #noteAttached(name: string, node: string): void {
    if (this.#attached.size === 0) this.#attachedAt = performance.now();
    const again = this.#attached.has(name);
    if (again || this.#watchingSince !== undefined)
      say(this.#theme.dim(`attached ${again ? 'again ' : ''}to ${safeText(node)}`));
    this.#attached.add(name);
  }

  /** Something has come: nothing to explain. */
  heard(): void {
    clearTimeout(this.#quiet);
  }

  /** Something has come that the filters leave out: who sees nothing else must be told. */
  passedOver(): void {
    this.#passedOver++;
  }

  end(): void {
    clearTimeout(this.#quiet);
  }

  summarise(summary: Summary): void {
    const since = this.#watchingSince;
    if (since !== undefined) {
      say(writeSummary(summary, performance.now() - since, this.#theme));
    } else if (this.#attached.size === 0) {
      say(this.#theme.warning('Ended before it was attached: nothing was watched.'));
    } else {
      say(writeSummary(summary, performance.now() - this.#attachedAt, this.#theme));
      say(this.#theme.warning('Ended before all of it was attached: not all was watched.'));
    }
  }

  #sayRate(perSecond: number): void {
    const now = performance.now();
    if (now - this.#rateSaidAt < RATE_MS) return;
    this.#rateSaidAt = now;
    say(this.#theme.dim(`MONITOR sees ${perSecond} commands a second`));
  }

  #describe(there: Survey, nodes: number): string[] {
    const { strong, dim } = this.#theme;
    const facts = this.#facts;
    const product = facts?.version === undefined ? 'Redis' : `${facts.product} ${facts.version}`;
    const cluster = this.#place?.mode === 'cluster' ? `, a cluster of ${plural(nodes, 'node')}` : '';
    const where = `${product} at ${safeText(redactUrl(facts?.node ?? ''))}${cluster}`;
    const how = this.#ways.map((way) => this.#describeWay(way)).join(' and ');
    return [
      [strong('sio-inspect'), where, how, 'read-only: the servers do not notice us'].join(dim(' · ')),
      dim([...describeServers(there, this.#watched()), this.#advice()].join('  ·  ')),
    ];
  }

  #describeWay(way: LiveWay): string {
    switch (way) {
      case 'subscribe':
        return `PSUBSCRIBE ${this.#keys()
          .map((key) => `${safeText(key)}*`)
          .join(' ')}`;
      case 'stream':
        return 'XREAD';
      case 'replica':
        return this.#place?.mode === 'cluster' ? 'PSUBSCRIBE on a replica' : 'MONITOR on a replica';
      case 'replication':
        return 'replication stream';
      case 'monitor':
        return 'MONITOR';
    }
  }

  #keys(): readonly string[] {
    return this.#options.keys ?? [DEFAULT_KEY];
  }

  /** In a cluster a replica is asked by PSUBSCRIBE, and shows no more than that. */
  #watched(): Watched {
    const isCluster = this.#place?.mode === 'cluster';
    const ways = this.#ways.map((way) => (isCluster && way === 'replica' ? 'subscribe' : way));
    return { keys: this.#options.keys, ways };
  }

  #advice(): string {
    const { endsAfterMs } = this.#options;
    const orElse = ', or let --max-rate do it';
    const price = priceOf(this.#ways, { facts: this.#facts, endsAfterMs, orElse });
    if (price !== undefined) return price;
    return this.#ways.includes('replica')
      ? 'who sent it is not known on a replica'
      : '--via monitor also shows who sends and subscribes';
  }

  async #explainSilence(): Promise<void> {
    const place = this.#place;
    if (place === undefined) return;
    if (this.#passedOver > 0) {
      const came = plural(this.#passedOver, 'message');
      say(this.#theme.warning(`${came} in ${QUIET_MS / 1000} s, and the filters leave all of them out.`));
      return;
    }
    try {
      await withAllLinks(place, this.#options.signal, async (links) => {
        const sights = await lookAround(links, this.#watched());
        if (this.#options.signal.aborted) return;
        say(this.#theme.warning(`Nothing has arrived for ${QUIET_MS / 1000} s.`));
        for (const { says, command } of sights) {
          say(`  ${safeText(says)}`);
          if (command !== undefined)
            sayWhole(`    ${this.#theme.strong(`sio-inspect ${this.#withPlace(command)}`)}`);
        }
      });
    } catch (error) {
      // It ends while we look: nobody waits for an explanation any more.
      if (this.#options.signal.aborted) return;
      if (!(error instanceof RedisFailure)) throw error;
      say(this.#theme.dim(`Nothing has arrived, and a look around failed: ${safeText(error.message)}`));
    }
  }

  /** A command that can be pasted: with the place that the user named, its password hidden. */
  #withPlace(words: readonly string[]): string {
    const { target, sentinel } = this.#options;
    const user = target.user === undefined ? [] : ['--user', target.user];
    const name = sentinel === undefined ? [] : ['--sentinel', sentinel];
    return [...words, '--url', redactUrl(target.url), ...user, ...name]
      .map((word) => quoteWord(safeText(word)))
      .join(' ');
  }
}
