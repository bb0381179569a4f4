import type { Rule } from '../rule.ts';
import { acksMissing } from './acks-missing.ts';
import { aclDenied } from './acl-denied.ts';
import { badRoom } from './bad-room.ts';
import { bufferPressure } from './buffer-pressure.ts';
import { deafServer } from './deaf-server.ts';
import { doubleEmit } from './double-emit.ts';
import { emitterNeedsClassic } from './emitter-needs-classic.ts';
import { expectedServers } from './expected-servers.ts';
import { fetchHeavy } from './fetch-heavy.ts';
import { handlerMissing } from './handler-missing.ts';
import { intoTheVoid } from './into-the-void.ts';
import { mixedAdapters } from './mixed-adapters.ts';
import { mixedShardedModes } from './mixed-sharded-modes.ts';
import { phantomSubscriber } from './phantom-subscriber.ts';
import { poisonPayload } from './poison-payload.ts';
import { privateFanout } from './private-fanout.ts';
import { sharedSubClient } from './shared-sub-client.ts';
import { timeoutSilentServer } from './timeout-silent-server.ts';

/** Every rule, the gravest first. A new one is its file, a line here, its page in docs/rules and its fault. */
export const rules: readonly Rule[] = [
  phantomSubscriber,
  sharedSubClient,
  timeoutSilentServer,
  deafServer,
  mixedAdapters,
  mixedShardedModes,
  emitterNeedsClassic,
  intoTheVoid,
  poisonPayload,
  bufferPressure,
  aclDenied,
  expectedServers,
  handlerMissing,
  doubleEmit,
  badRoom,
  acksMissing,
  fetchHeavy,
  privateFanout,
];
