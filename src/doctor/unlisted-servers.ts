import type { ServerGroup } from '../redis/registry.ts';
import type { Evidence } from './evidence.ts';
import { ADAPTER_OF, spans, takesOwnChannel } from './own-channels.ts';
import type { Sender } from './taps/senders.ts';

/**
 * Servers that spoke to a group before and after a look, while Redis knew no channel of theirs in any look: they
 * neither came nor went. `versions` are what the looks found of the group.
 */
export function findUnlisted(
  versions: readonly ServerGroup[],
  { looks, traffic }: Evidence,
): readonly Sender[] {
  const [group] = versions;
  if (traffic === undefined || group === undefined) return [];
  const listed = new Set(versions.flatMap(({ uids }) => uids));
  return traffic.senders
    .list()
    .filter(
      ({ bus, key, nsp }) => ADAPTER_OF[bus] === group.adapter && key === group.key && nsp === group.nsp,
    )
    .filter((sender) => takesOwnChannel(sender) && !listed.has(sender.uid))
    .filter((sender) => looks.some((look) => spans(sender, look)));
}
