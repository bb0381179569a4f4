import { EMITTER } from '../../model/message.ts';
import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import { noteUnder } from './bounded.ts';

/** A server, and the database that its connection has selected. */
export interface Tenant {
  readonly key: string;
  readonly nsp: string;
  readonly uid: string;
  readonly db: number;
  /** True where it was seen with another database as well: then its connection is used for other things, too. */
  isRoaming: boolean;
  messages: number;
  readonly events: Set<string>;
  client?: string;
}

const MAX_EVENTS = 100;

/** Which server speaks from which database: what is published goes to all of them. Streams are keys: they do not. */
export class Databases {
  readonly #tenants = new Map<string, Tenant>();

  add({ frame, message }: MessageSeen): void {
    const { uid, key, nsp, event } = message;
    const { db, command } = frame;
    if (db === undefined || (command !== 'PUBLISH' && command !== 'SPUBLISH')) return;
    if (message.kind !== 'broadcast' && message.kind !== 'request') return;
    if (uid === undefined || uid === EMITTER || key === undefined || nsp === undefined) return;
    const tenant = noteUnder(this.#tenants, JSON.stringify([key, nsp, uid]), (): Tenant => {
      return { key, nsp, uid, db, isRoaming: false, messages: 0, events: new Set<string>() };
    });
    if (tenant === undefined) return;
    if (db !== tenant.db) tenant.isRoaming = true;
    tenant.messages++;
    if (event !== undefined && tenant.events.size < MAX_EVENTS) tenant.events.add(event);
    if (frame.client !== undefined) tenant.client = frame.client;
  }

  list(): readonly Tenant[] {
    return [...this.#tenants.values()];
  }
}
