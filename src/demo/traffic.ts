import { PrettyLines } from '../render/pretty.ts';
import { safeText } from '../render/safe-text.ts';
import { Inspector } from '../session/inspector.ts';
import { toFrame } from './decoded.ts';
import type { Fleet, FleetWorker } from './fleet.ts';
import type { Report } from './reports.ts';
import type { Style } from './story-style.ts';

/**
 * Shows clients coming and going, and what passes through Redis: each message once, as the first living worker gets it
 * (all get the same). Returns how to stop.
 */
export function showTraffic(
  fleet: Fleet,
  { theme, width }: Style,
  print: (line: string) => void,
): () => void {
  const inspector = new Inspector();
  const pretty = new PrettyLines({ theme, columns: width, full: false });
  const names = new Map<string, string>();

  const showMove = (sign: string, name: string, what: string): void => {
    print(`${sign} ${theme.strong(safeText(name === '' ? 'a client' : name))} ${theme.dim(what)}`);
  };
  const show = (worker: FleetWorker, report: Report): void => {
    if (report.type === 'demo:client') {
      names.set(report.id, report.name);
      showMove('+', report.name, `connects to worker ${worker.number}`);
    } else if (report.type === 'demo:client-gone' && names.has(report.id)) {
      showMove('−', names.get(report.id) ?? '', `leaves worker ${worker.number}`);
      names.delete(report.id);
    } else if (
      report.type === 'demo:received' &&
      worker === fleet.workers.find(({ lost }) => lost === undefined)
    ) {
      const frame = { ...toFrame(report.received), time: Date.now() * 1000 };
      const observed = inspector.observe({ is: 'frame', frame });
      if (observed !== undefined) print(pretty.write(observed));
    }
  };
  return fleet.listen(show);
}
