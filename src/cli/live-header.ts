import type { Survey } from '../capture/live/look-around.ts';
import { DEFAULT_KEY, isPythonSeen, isSeen, type Watched } from '../capture/live/visibility.ts';
import type { ServerGroup } from '../redis/registry.ts';
import { plural } from '../render/phrase.ts';
import { safeText } from '../render/safe-text.ts';

const GROUPS_SHOWN = 6;

/** The header's words for who is there: first those that are shown, then those that are there besides. */
export function describeServers({ groups, python }: Survey, watched: Watched): readonly string[] {
  const seen = groups.filter((group) => isSeen(group, watched));
  const others = groups.filter((group) => !seen.includes(group)).map(nameGroup);
  const shown = seen.slice(0, GROUPS_SHOWN).map((group) => {
    const { key, nsp, uids, counted } = group;
    const where = key === DEFAULT_KEY ? safeText(nsp) : `${safeText(key)} ${safeText(nsp)}`;
    return `${plural(Math.max(uids.length, counted), 'server')} in ${where}${kindOf(group)}`;
  });
  if (seen.length > GROUPS_SHOWN) shown.push(`${seen.length - GROUPS_SHOWN} more namespaces`);
  if (python !== undefined && isPythonSeen(watched))
    shown.push(`${plural(python.counted, 'server')} of python-socketio`);
  else if (python !== undefined) others.push('python-socketio');
  if (shown.length === 0 && others.length === 0) return ['no Socket.IO server is subscribed here yet'];
  const names = [...new Set(others)];
  const more = names.length > GROUPS_SHOWN ? ` and ${names.length - GROUPS_SHOWN} more keys` : '';
  return [
    shown.length === 0 ? 'no server is subscribed here that this shows' : shown.join(' · '),
    ...(names.length === 0 ? [] : [`not shown: ${names.slice(0, GROUPS_SHOWN).join(', ')}${more}`]),
  ];
}

function nameGroup(group: ServerGroup): string {
  return safeText(group.key) + kindOf(group);
}

function kindOf({ adapter }: ServerGroup): string {
  return adapter === 'redis' ? '' : ` (${adapter.replace('redis-', '')})`;
}
