import { Cluster, Redis } from 'ioredis';
import type { Fault, Symptom } from './fault.ts';
import type { Lab } from './lab.ts';
import { type HereServer, startHere } from './lab-here.ts';

const NODES = 3;

export const loneNodesFault: Fault = {
  name: 'lone-nodes',
  rule: 'lone-nodes',
  title: 'on a Redis Cluster, each server has a client for one node, and believes to be alone',
  cure: 'The servers get cluster clients: new Cluster(nodes) of ioredis.',
  clusterNodes: NODES,
  stage: async (lab) => {
    let servers = await startAll(
      lab,
      (index, name) => new Redis(portOf(lab, index), { connectionName: name }),
    );
    for (const server of servers) await lab.join(server);
    return {
      story: [
        'A Redis Cluster of three primaries, and three servers with the classic adapter.',
        'Each server connects to another node: createAdapter(new Redis(node), …). A client at each.',
      ],
      symptom: async (): Promise<Symptom> => {
        const count = (await servers[0]?.countSockets()) ?? 0;
        return {
          lines: [
            'worker-1: (await io.fetchSockets()).length',
            `→ ${count}, and there are ${NODES} clients. No error.`,
          ],
          isBad: count !== NODES,
        };
      },
      cure: async () => {
        for (const server of servers) server.crash();
        servers = await startAll(lab, (_index, name) => {
          const nodes = lab.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
          return new Cluster(nodes, { redisOptions: { connectionName: name } });
        });
        for (const server of servers) await lab.join(server);
      },
    };
  },
};

async function startAll(
  lab: Lab,
  connect: (index: number, name: string) => Redis | Cluster,
): Promise<readonly HereServer[]> {
  const numbers = Array.from({ length: NODES }, (_, index) => index);
  const servers = await Promise.all(
    numbers.map((index) => {
      const name = `worker-${index + 1}`;
      return startHere(name, (role) => calm(connect(index, `${name}-${role}`)));
    }),
  );
  lab.atEnd(() => {
    for (const server of servers) server.crash();
  });
  return servers;
}

/** Errors of connections that end with the stage are no news. */
function calm<T extends Redis | Cluster>(connection: T): T {
  connection.on('error', () => undefined);
  return connection;
}

function portOf({ nodes }: Lab, index: number): number {
  return nodes[index]?.port ?? nodes[0].port;
}
