import { lookAround, type Sight } from '../capture/live/look-around.ts';
import { DEFAULT_KEY } from '../capture/live/visibility.ts';
import type { Instead } from '../doctor/absence.ts';
import type { Report } from '../doctor/examine.ts';
import type { Links } from '../doctor/take-look.ts';

/** What is there instead, besides servers with other keys. */
const SIGHTS: ReadonlySet<Sight['is']> = new Set(['streams', 'python']);

const NOTHING: Instead = {
  says: "nothing that we know. What is subscribed at all: redis-cli PUBSUB CHANNELS '*'",
};

/** Where no server was found, looks around for what is there in its place. */
export async function tellAbsence(report: Report, links: Links, keys: readonly string[]): Promise<Report> {
  const { absence } = report;
  if (absence === undefined) return report;
  const watched = keys.length === 0 ? [DEFAULT_KEY] : keys;
  const sights = await lookAround(links, { keys: watched, ways: ['subscribe'] });
  const seen = sights.flatMap(({ is, says, command }): readonly Instead[] =>
    SIGHTS.has(is) ? [{ says, ...(command === undefined ? {} : { command }) }] : [],
  );
  const instead = [...absence.instead, ...seen];
  return { ...report, absence: { ...absence, instead: instead.length === 0 ? [NOTHING] : instead } };
}
