/** Which of the clients that MONITOR shows are this process: kept while the connections are open. */
const OURS = new Map<string, number>();

/** Registers addresses of an open connection to `node`; call what is returned when it has closed. */
export function claimAddresses(node: string, addresses: Iterable<string>): () => void {
  const keys = [...addresses].map((address) => keyOf(node, address));
  for (const key of keys) OURS.set(key, (OURS.get(key) ?? 0) + 1);
  return () => {
    for (const key of keys.splice(0)) {
      const left = (OURS.get(key) ?? 0) - 1;
      if (left > 0) OURS.set(key, left);
      else OURS.delete(key);
    }
  };
}

export function isOurAddress(node: string, client: string): boolean {
  return OURS.has(keyOf(node, client));
}

function keyOf(node: string, address: string): string {
  return `${node} ${address}`;
}
