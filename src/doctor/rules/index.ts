import type { Rule } from '../rule.ts';
import { acksMissing } from './acks-missing.ts';
import { aclDenied } from './acl-denied.ts';
import { badRoom } from './bad-room.ts';
import { bufferPressure } from './buffer-pressure.ts';
import { crossTalk } from './cross-talk.ts';
import { crashLoop } from './crash-loop.ts';
import { deafRequester } from './deaf-requester.ts';
import { deafServer } from './deaf-server.ts';
import { doubleEmit } from './double-emit.ts';
import { emitOnlyServers } from './emit-only-servers.ts';
import { emitterNeedsClassic } from './emitter-needs-classic.ts';
import { expectedServers } from './expected-servers.ts';
import { fetchHeavy } from './fetch-heavy.ts';
import { halfOpenConnection } from './half-open-connection.ts';
import { handlerMissing } from './handler-missing.ts';
import { intoTheVoid } from './into-the-void.ts';
import { lateReply } from './late-reply.ts';
import { loneNodes } from './lone-nodes.ts';
import { mixedAdapters } from './mixed-adapters.ts';
import { mixedShardedModes } from './mixed-sharded-modes.ts';
import { notOffered } from './not-offered.ts';
import { phantomSubscriber } from './phantom-subscriber.ts';
import { poisonPayload } from './poison-payload.ts';
import { privateFanout } from './private-fanout.ts';
import { privateRoomLost } from './private-room-lost.ts';
import { readerLag } from './reader-lag.ts';
import { recoveryFlood } from './recovery-flood.ts';
import { recoveryWindow } from './recovery-window.ts';
import { replyFanout } from './reply-fanout.ts';
import { reconnectRhythm } from './reconnect-rhythm.ts';
import { sharedSubClient } from './shared-sub-client.ts';
import { subscriptionChurn } from './subscription-churn.ts';
import { subscriberLeak } from './subscriber-leak.ts';
import { timeoutSilentServer } from './timeout-silent-server.ts';
import { versionSkew } from './version-skew.ts';

/** Every rule, the gravest first. A new one is its file, a line here, its page in docs/rules and its fault. */
export const rules: readonly Rule[] = [
  phantomSubscriber,
  sharedSubClient,
  timeoutSilentServer,
  halfOpenConnection,
  lateReply,
  deafRequester,
  deafServer,
  mixedAdapters,
  mixedShardedModes,
  privateRoomLost,
  emitterNeedsClassic,
  intoTheVoid,
  poisonPayload,
  bufferPressure,
  aclDenied,
  notOffered,
  loneNodes,
  crashLoop,
  expectedServers,
  subscriberLeak,
  reconnectRhythm,
  readerLag,
  recoveryWindow,
  recoveryFlood,
  handlerMissing,
  versionSkew,
  crossTalk,
  emitOnlyServers,
  doubleEmit,
  badRoom,
  acksMissing,
  fetchHeavy,
  privateFanout,
  replyFanout,
  subscriptionChurn,
];
