import type { Reply } from '../../bytes/resp-encode.ts';
import { array, bulk } from './reply.ts';
import { formatId, type StreamRecord } from './stream.ts';

/** An entry as XRANGE, XREAD and XINFO tell it. */
export function describeRecord({ id, fields }: StreamRecord): Reply {
  return array([bulk(formatId(id)), array(fields.map(bulk))]);
}
