import type { Summary } from '../analyse/summary.ts';
import { lookAround } from '../capture/live/look-around.ts';
import type { LiveEvent } from '../capture/live/way.ts';
import { connect, type RedisLink } from '../redis/connect.ts';
import { RedisFailure } from '../redis/failure.ts';
import { listServers, type RedisFacts, readFacts, type ServerGroup } from '../redis/registry.ts';
import { type RedisTarget, redactUrl } from '../redis/target.ts';
import { plural } from '../render/phrase.ts';
import { safeText } from '../render/safe-text.ts';
import { writeSummary } from '../render/summary-text.ts';
import type { Theme } from '../render/theme.ts';
import { themeFor } from './terminal.ts';

/** Silence after which we say what is there instead. */
const QUIET_MS = 5000;
const GROUPS_SHOWN = 6;

export interface LiveTalkOptions {
  readonly target: RedisTarget;
  readonly keys: readonly string[];
  readonly via: 'subscribe' | 'monitor';
  readonly color: boolean;
  readonly signal: AbortSignal;
}

/** What a live command says to a person, on stderr: what it is attached to, why nothing comes, what it was in the end. */
export class LiveTalk {
  readonly #options: LiveTalkOptions;
  readonly #theme: Theme;
  readonly #started = performance.now();
  #facts: RedisFacts | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #isAttached = false;

  constructor(options: LiveTalkOptions) {
    this.#options = options;
    this.#theme = themeFor(process.stderr, options.color);
  }

  /** Looks, by a connection of its own, at what is attached to. @throws {RedisFailure} when Redis cannot be reached */
  async begin(): Promise<void> {
    await this.#withLink(async (link) => {
      this.#facts = await readFacts(link);
      const { groups } = await listServers(link);
      this.#sayWhere(groups);
    });
  }

  tell(event: LiveEvent): void {
    const { dim, warning } = this.#theme;
    switch (event.is) {
      case 'attached':
        if (this.#isAttached) this.#say(dim(`attached again to ${event.node}`));
        this.#isAttached = true;
        this.#quiet ??= setTimeout(() => void this.#explainSilence(), QUIET_MS);
        return;
      case 'refused':
        this.#say(dim(`not permitted, done without: ${event.command}`));
        return;
      case 'lost':
        this.#say(warning(`lost ${event.node}: ${safeText(event.why)}`));
        return;
      case 'retrying':
        this.#say(
          warning(
            `${safeText(event.failure.message)} Trying again in ${(event.delayMs / 1000).toFixed(1)} s.`,
          ),
        );
        return;
      case 'spooling':
        this.#say(dim('more arrives than is taken: the rest waits in a temporary file'));
        return;
    }
  }

  /** Something has come: nothing to explain. */
  heard(): void {
    clearTimeout(this.#quiet);
  }

  end(): void {
    clearTimeout(this.#quiet);
  }

  summarise(summary: Summary): void {
    this.#say(writeSummary(summary, performance.now() - this.#started, this.#theme));
  }

  #sayWhere(groups: readonly ServerGroup[]): void {
    const { strong, dim } = this.#theme;
    const { via } = this.#options;
    const facts = this.#facts;
    const product = facts?.version === undefined ? 'Redis' : `${facts.product} ${facts.version}`;
    const where = `${product} at ${safeText(redactUrl(facts?.node ?? ''))}`;
    const how =
      via === 'monitor'
        ? 'MONITOR'
        : `PSUBSCRIBE ${this.#options.keys.map((key) => `${safeText(key)}*`).join(' ')}`;
    this.#say(
      [strong('sio-inspect'), where, how, 'read-only: the servers do not notice us'].join(dim(' · ')),
    );
    this.#say(dim(`${describeGroups(groups)}  ·  ${this.#advice()}`));
  }

  #advice(): string {
    if (this.#options.via === 'subscribe') return '--via monitor also shows who sends and subscribes';
    const ops = this.#facts?.opsPerSecond;
    const load = ops === undefined ? '' : `, now at ${ops} commands/s`;
    return `MONITOR makes a busy Redis several times slower${load}: end it with Ctrl-C or --for 30s`;
  }

  async #explainSilence(): Promise<void> {
    const { keys, via } = this.#options;
    try {
      await this.#withLink(async (link) => {
        const sights = await lookAround(link, { keys, via });
        if (this.#options.signal.aborted) return;
        this.#say(this.#theme.warning(`Nothing has arrived for ${QUIET_MS / 1000} s.`));
        for (const { says, command } of sights) {
          this.#say(`  ${safeText(says)}`);
          if (command !== undefined)
            this.#say(`    ${this.#theme.strong(`sio-inspect ${this.#withUrl(command)}`)}`);
        }
      });
    } catch (error) {
      if (!(error instanceof RedisFailure)) throw error;
      this.#say(this.#theme.dim(`Nothing has arrived, and a look around failed: ${safeText(error.message)}`));
    }
  }

  /** A command that can be pasted: with the URL that the user gave, its password hidden. */
  #withUrl(words: readonly string[]): string {
    const url = redactUrl(this.#options.target.url);
    return [...words, '--url', url].map(quoteWord).join(' ');
  }

  async #withLink(use: (link: RedisLink) => Promise<void>): Promise<void> {
    const link = await connect(this.#options.target, this.#options.signal);
    try {
      await use(link);
    } finally {
      link.close();
    }
  }

  #say(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}

function describeGroups(groups: readonly ServerGroup[]): string {
  if (groups.length === 0) return 'no Socket.IO server is subscribed here yet';
  const shown = groups.slice(0, GROUPS_SHOWN).map(({ adapter, key, nsp, uids, counted }) => {
    const kind = adapter === 'redis' ? '' : ` (${adapter.replace('redis-', '')})`;
    const prefix = key === 'socket.io' ? '' : `${safeText(key)} `;
    return `${plural(Math.max(uids.length, counted), 'server')} in ${prefix}${safeText(nsp)}${kind}`;
  });
  const more = groups.length > GROUPS_SHOWN ? [`${groups.length - GROUPS_SHOWN} more namespaces`] : [];
  return [...shown, ...more].join(' · ');
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? safeText(word) : `'${safeText(word).replaceAll("'", "'\\''")}'`;
}
