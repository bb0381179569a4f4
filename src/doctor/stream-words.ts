import type { Evidence } from './evidence.ts';

/** Where only what servers ask of streams would tell, and the capture does not hold it. */
export function lacksReads({ looks, traffic }: Evidence): string | undefined {
  if (traffic === undefined || traffic.streams.showsReads) return undefined;
  const hasStreams =
    traffic.streams.names().length > 0 || looks.some(({ streams = [] }) => streams.length > 0);
  return hasStreams ? 'needs to see what servers read: --via monitor, its text, or packets' : undefined;
}
