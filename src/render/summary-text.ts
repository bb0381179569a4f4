import type { Summary } from '../analyse/summary.ts';
import { plural } from './phrase.ts';
import { safeText } from './safe-text.ts';
import { formatBytes } from './text-width.ts';
import type { Theme } from './theme.ts';

const NAMES_SHOWN = 3;

/** The last line of a run: messages, bytes, servers, events, what was not understood, gaps. */
export function writeSummary(summary: Summary, elapsedMs: number, theme: Theme): string {
  const parts = [
    `${theme.strong(plural(summary.messages, 'message'))} in ${(elapsedMs / 1000).toFixed(1)} s`,
    formatBytes(summary.bytes),
    describeSenders(summary),
    describeEvents(summary),
    summary.undecoded === 0 ? '0 not decodable' : theme.trouble(`${summary.undecoded} not decodable`),
    describeGaps(summary, theme),
    summary.others === 0 ? '' : `${plural(summary.others, 'other command')} passed over`,
  ];
  return parts.filter((part) => part !== '').join(theme.dim(' · '));
}

function describeSenders({ servers, emitterMessages }: Summary): string {
  const emitter = emitterMessages > 0 ? ', an emitter' : '';
  return plural(servers.size, 'server') + emitter;
}

function describeEvents({ events }: Summary): string {
  const busiest = [...events].sort((a, b) => b[1] - a[1]).slice(0, NAMES_SHOWN);
  if (busiest.length === 0) return '';
  return `busiest: ${busiest.map(([name, count]) => `${safeText(name)} ${count}`).join(', ')}`;
}

function describeGaps({ gaps, missed }: Summary, theme: Theme): string {
  if (gaps === 0) return '0 gaps';
  const known = missed === 0 ? '' : ` (${plural(missed, 'message')} missed)`;
  return theme.warning(plural(gaps, 'gap') + known);
}
