import type { Via } from './frame.ts';
import type { Adapter, Encoding, Finding, Kind, UndecodedError } from './message.ts';

/** A JSON value of a record, wrappers such as `{"$binary":…}` included. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One record of the output contract: what `--json` writes as a line, as an object. */
export interface InspectRecord {
  readonly v: 1;
  readonly seq: number;
  readonly kind: Kind | 'gap';
  readonly via: Via;
  readonly recordedVia?: Via;
  readonly time?: string;
  readonly node?: string;
  readonly client?: string;
  readonly db?: number;
  readonly command?: string;
  readonly channel?: string;
  readonly channels?: readonly string[];
  readonly entryId?: string;
  readonly key?: string;
  readonly adapter?: Adapter;
  readonly version?: string;
  readonly encoding?: Encoding;
  readonly bytes?: number;
  readonly type?: string;
  readonly typeCode?: number;
  readonly uid?: string;
  readonly nsp?: string;
  readonly room?: string;
  readonly packetType?: number;
  readonly event?: string;
  readonly args?: readonly Json[];
  readonly ackId?: number | string;
  readonly rooms?: readonly Json[];
  readonly except?: readonly Json[];
  readonly flags?: Json;
  readonly requestId?: string;
  readonly payload?: { readonly [name: string]: Json };
  readonly inferred?: readonly string[];
  readonly findings?: readonly Finding[];
  readonly error?: UndecodedError;
  readonly raw?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly to?: string;
  readonly missed?: number;
}
