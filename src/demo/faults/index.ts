import { aclDeniedFault } from './acl-denied.ts';
import { badRoomFault } from './bad-room.ts';
import { fetchHeavyFault, privateFanoutFault } from './costly-traffic.ts';
import { adapterNotAttachedFault, deafWorkerFault, mixedAdaptersFault } from './divided-servers.ts';
import { doubleEmitFault } from './double-emit.ts';
import type { Fault } from './fault.ts';
import { frozenWorkerFault } from './frozen-worker.ts';
import { giantMessageFault } from './giant-message.ts';
import { emitterWithShardedFault, wrongKeyFault, wrongNamespaceFault } from './lost-emitter.ts';
import { missingHandlerFault } from './missing-handler.ts';
import { mixedShardedModesFault } from './mixed-sharded-modes.ts';
import { phantomSubscriberFault } from './phantom-subscriber.ts';
import { poisonPayloadFault } from './poison-payload.ts';
import { sharedSubClientFault } from './shared-sub-client.ts';
import { slowAcksFault } from './slow-acks.ts';

/** Every fault that can be staged. A new one is its file and a line here. */
export const faults: readonly Fault[] = [
  phantomSubscriberFault,
  frozenWorkerFault,
  sharedSubClientFault,
  missingHandlerFault,
  wrongKeyFault,
  wrongNamespaceFault,
  emitterWithShardedFault,
  mixedAdaptersFault,
  mixedShardedModesFault,
  adapterNotAttachedFault,
  deafWorkerFault,
  poisonPayloadFault,
  badRoomFault,
  doubleEmitFault,
  giantMessageFault,
  aclDeniedFault,
  slowAcksFault,
  fetchHeavyFault,
  privateFanoutFault,
];
