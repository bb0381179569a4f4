import { aclDeniedFault } from './acl-denied.ts';
import { badRoomFault } from './bad-room.ts';
import { fetchHeavyFault, privateFanoutFault, replyFanoutFault } from './costly-traffic.ts';
import { crashLoopFault } from './crash-loop.ts';
import { deafRequesterFault } from './deaf-requester.ts';
import { adapterNotAttachedFault, deafWorkerFault, mixedAdaptersFault } from './divided-servers.ts';
import { doubleEmitFault } from './double-emit.ts';
import { emittingFunctionsFault } from './emitting-functions.ts';
import type { Fault } from './fault.ts';
import { frozenWorkerFault } from './frozen-worker.ts';
import { giantMessageFault } from './giant-message.ts';
import { halfOpenFault } from './half-open.ts';
import { lateReplyFault } from './late-reply.ts';
import { emitterWithShardedFault, wrongKeyFault, wrongNamespaceFault } from './lost-emitter.ts';
import { loneNodesFault } from './lone-nodes.ts';
import { missingHandlerFault } from './missing-handler.ts';
import { mixedShardedModesFault } from './mixed-sharded-modes.ts';
import { mixedVersionsFault } from './mixed-versions.ts';
import { noStickySessionsFault } from './no-sticky-sessions.ts';
import { notOfferedFault } from './not-offered.ts';
import { phantomSubscriberFault } from './phantom-subscriber.ts';
import { poisonPayloadFault } from './poison-payload.ts';
import { privateRoomLostFault } from './private-room-lost.ts';
import { sharedRedisFault } from './shared-redis.ts';
import { reconnectRhythmFault } from './reconnect-rhythm.ts';
import { sharedSubClientFault } from './shared-sub-client.ts';
import { shortLivedRoomsFault } from './short-lived-rooms.ts';
import { recoveryFloodFault, recoveryWindowFault } from './session-recovery.ts';
import { slowAcksFault } from './slow-acks.ts';
import { slowReaderFault } from './slow-reader.ts';
import { subscriberLeakFault } from './subscriber-leak.ts';

/** Every fault that can be staged. A new one is its file and a line here. */
export const faults: readonly Fault[] = [
  phantomSubscriberFault,
  frozenWorkerFault,
  halfOpenFault,
  lateReplyFault,
  deafRequesterFault,
  sharedSubClientFault,
  missingHandlerFault,
  wrongKeyFault,
  wrongNamespaceFault,
  emitterWithShardedFault,
  mixedAdaptersFault,
  mixedShardedModesFault,
  privateRoomLostFault,
  mixedVersionsFault,
  sharedRedisFault,
  emittingFunctionsFault,
  adapterNotAttachedFault,
  deafWorkerFault,
  poisonPayloadFault,
  badRoomFault,
  doubleEmitFault,
  giantMessageFault,
  aclDeniedFault,
  notOfferedFault,
  loneNodesFault,
  subscriberLeakFault,
  reconnectRhythmFault,
  crashLoopFault,
  slowAcksFault,
  fetchHeavyFault,
  privateFanoutFault,
  replyFanoutFault,
  shortLivedRoomsFault,
  slowReaderFault,
  recoveryWindowFault,
  recoveryFloodFault,
  noStickySessionsFault,
];
