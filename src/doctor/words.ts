import type { ClientRow } from '../redis/client-list.ts';
import type { Culprit } from './rule.ts';

const NAMES_SHOWN = 5;

export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** `a, b and 3 more` */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}

/** `12 s`, `3 min`, `2 h`, `5 days` */
export function describeSeconds(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** A connection as CLIENT LIST tells of it. */
export function nameConnection(client: ClientRow): Culprit {
  const about = [
    ...(client.name === '' ? [] : [`client name ${client.name}`]),
    `id ${client.id}`,
    ...(client.library === undefined ? [] : [client.library]),
    `connected for ${describeSeconds(client.ageSeconds)}`,
    `idle for ${describeSeconds(client.idleSeconds)}`,
    ...(client.lastCommand === ''
      ? []
      : [`last command ${client.lastCommand.toUpperCase().replace('|', ' ')}`]),
  ];
  return { is: 'connection', value: client.address, about: about.join(', ') };
}
