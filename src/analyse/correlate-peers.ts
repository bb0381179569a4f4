import type { Frame } from '../model/frame.ts';
import { EMITTER, type Message } from '../model/message.ts';

/** The servers of one adapter, key and namespace as a look at Redis found them (`ServerGroup` of the registry fits). */
export interface KnownGroup {
  readonly adapter: 'redis' | 'redis-sharded' | 'redis-streams';
  readonly key: string;
  readonly nsp: string;
  readonly uids: readonly string[];
  /** How many subscribers the servers count before they wait for answers. */
  readonly counted: number;
}

/** One server of one key and namespace, as far as it is known. */
export interface Peer {
  readonly uid?: string;
  /** Where it publishes from, `host:port`; MONITOR and pcap show it. */
  readonly client?: string;
  /** Where it subscribes from; only a subscription that was seen tells. */
  readonly subscriber?: string;
  /** Microseconds since 1970. */
  readonly heardAt?: number;
}

/** What is known from Redis at one moment. Never changed: who comes or goes makes a new one. */
export interface Registered {
  readonly uids: ReadonlySet<string>;
  readonly counted: number;
}

/** Where the number of answers that a request should get was taken from, best first. */
export type ExpectedFrom = 'registry' | 'heartbeats' | 'heard' | 'owner';

const MAX_GROUPS = 1000;
const MAX_PEERS = 2000;
/** Without a registry: a server that has said something this long ago may be gone. */
const HEARD_MICROS = 60e6;
/** `heartbeatTimeout` of socket.io-adapter's ClusterAdapterWithHeartbeat. */
const HEARTBEAT_MICROS = 10e6;
const OWN_CHANNEL = /^(.+?)(?:-response)?#(\/[^#]*)#([^#]+)#$/s;

interface KnownPeer {
  uid?: string;
  client?: string;
  subscriber?: string;
  heardAt?: number;
}

/** Who is in one key and namespace: by the registry, and by what each has said. */
export class PeerGroup {
  #registered: Registered | undefined;
  /** Until when what a look has told is good, microseconds since 1970. */
  #goodUntil = Number.POSITIVE_INFINITY;
  readonly #byUid = new Map<string, KnownPeer>();
  /** Undefined for a connection that several servers of the namespace share. */
  readonly #byClient = new Map<string, KnownPeer | undefined>();
  #beatAt = Number.NEGATIVE_INFINITY;

  /** What a look at Redis has told: the servers, and how many subscribers they count. */
  register({ uids, counted }: KnownGroup, goodUntil: number): void {
    this.#registered = { uids: new Set(uids), counted };
    this.#goodUntil = goodUntil;
  }

  unregister(): void {
    this.#registered = undefined;
  }

  /** Something came from a server. Answers what is known of it, or undefined where nothing tells it from others. */
  hear(uid: string | undefined, client: string | undefined, at: number | undefined): Peer | undefined {
    if (uid === EMITTER) return undefined;
    const peer = uid === undefined ? this.#ofClient(client) : this.#ofUid(uid, client);
    if (peer !== undefined && at !== undefined) peer.heardAt = Math.max(peer.heardAt ?? at, at);
    return peer;
  }

  beat(at: number | undefined): void {
    this.#beatAt = Math.max(this.#beatAt, at ?? 0);
  }

  subscribed(uid: string, subscriber: string | undefined): void {
    const peer = this.#ofUid(uid, undefined);
    if (subscriber !== undefined) peer.subscriber = subscriber;
  }

  /** It has come since the look. */
  registerOne(uid: string): void {
    if (this.#registered === undefined || this.#registered.uids.has(uid)) return;
    const { uids, counted } = this.#registered;
    this.#registered = { uids: new Set([...uids, uid]), counted: counted + 1 };
  }

  /** It has gone since the look. */
  unregisterOne(uid: string): void {
    if (this.#registered?.uids.has(uid) !== true) return;
    const { uids, counted } = this.#registered;
    this.#registered = { uids: new Set([...uids].filter((one) => one !== uid)), counted: counted - 1 };
  }

  left(uid: string): void {
    const client = this.#byUid.get(uid)?.client;
    this.#byUid.delete(uid);
    if (client !== undefined) this.#byClient.delete(client);
  }

  /** How many servers there are around `at`, and what says so; `registered` where uids are known from Redis. */
  count(at: number): {
    readonly servers: number;
    readonly from: ExpectedFrom;
    readonly registered?: Registered;
  } {
    if (this.#registered !== undefined && at <= this.#goodUntil) {
      const registered = this.#registered;
      const has = registered.uids.size > 0 ? { registered } : {};
      return { servers: registered.counted, from: 'registry', ...has };
    }
    if (this.#beatsAt(at))
      return { servers: this.#heardSince(at - HEARTBEAT_MICROS).length, from: 'heartbeats' };
    return { servers: this.#heardSince(at - HEARD_MICROS).length, from: 'heard' };
  }

  /** The servers around `at`, each with what is known of it. */
  list(at: number): readonly Peer[] {
    if (this.#registered === undefined || this.#registered.uids.size === 0 || at > this.#goodUntil)
      return this.#heardSince(at - (this.#beatsAt(at) ? HEARTBEAT_MICROS : HEARD_MICROS));
    return [...this.#registered.uids].map((uid) => this.peerOf(uid));
  }

  /**
   * Whether servers have spoken whose uids Redis has told neither before nor since: adapters before 7.1 have no channel
   * of their own.
   */
  hasUnlisted(before: Registered, at: number): boolean {
    const isListed = (uid: string): boolean =>
      before.uids.has(uid) || this.#registered?.uids.has(uid) === true;
    return this.#heardSince(at - HEARD_MICROS).some(({ uid }) => uid !== undefined && !isListed(uid));
  }

  peerOf(uid: string): Peer {
    return this.#byUid.get(uid) ?? { uid };
  }

  #beatsAt(at: number): boolean {
    return at - this.#beatAt <= HEARTBEAT_MICROS;
  }

  #heardSince(micros: number): readonly Peer[] {
    const nameless = [...this.#byClient.values()].filter(
      (peer) => peer !== undefined && peer.uid === undefined,
    );
    return [...this.#byUid.values(), ...nameless.flatMap((peer) => peer ?? [])].filter(
      ({ heardAt = Number.NEGATIVE_INFINITY }) => heardAt >= micros,
    );
  }

  #ofUid(uid: string, client: string | undefined): KnownPeer {
    let peer = this.#byUid.get(uid);
    if (peer === undefined) {
      peer = { uid };
      makeRoom(this.#byUid);
      this.#byUid.set(uid, peer);
    }
    if (client === undefined || client === 'lua') return peer;
    const before = this.#byClient.get(client);
    if (before?.uid !== undefined && before.uid !== uid) this.#byClient.set(client, undefined);
    else if (before === undefined && this.#byClient.has(client)) return peer;
    else {
      makeRoom(this.#byClient);
      this.#byClient.set(client, peer);
    }
    peer.client = client;
    return peer;
  }

  #ofClient(client: string | undefined): KnownPeer | undefined {
    if (client === undefined || client === 'lua') return undefined;
    if (this.#byClient.has(client)) return this.#byClient.get(client);
    makeRoom(this.#byClient);
    const peer: KnownPeer = { client };
    this.#byClient.set(client, peer);
    return peer;
  }
}

/** All groups of one run. */
export class Peers {
  readonly #groups = new Map<string, PeerGroup>();

  /** Replaces what the last look at Redis found. `goodUntil`: microseconds since 1970. */
  setRegistry(groups: readonly KnownGroup[], goodUntil = Number.POSITIVE_INFINITY): void {
    for (const group of this.#groups.values()) group.unregister();
    for (const known of groups) this.ofRegistry(known).register(known, goodUntil);
  }

  groupOf(frame: Frame, message: Message): PeerGroup {
    return this.#group(busOf(frame, message), message.key ?? '', message.nsp ?? '/');
  }

  /** Learns from a (un)subscription whose channel is one server's own. */
  learn(frame: Frame): void {
    const bus = /^S(?:SUB|UNSUB)/.test(frame.command ?? '') ? 'shard' : undefined;
    const isLeaving = frame.command?.includes('UNSUB') === true;
    const names = new Set((frame.channels ?? []).map((channel) => Buffer.from(channel).toString('utf8')));
    for (const name of names) {
      const [, key, nsp, uid] = OWN_CHANNEL.exec(name) ?? [];
      if (key === undefined || nsp === undefined || uid === undefined) continue;
      const isClassic = name.startsWith(`${key}-response#`);
      if (!isClassic && !/^[0-9a-f]{16}$/.test(uid)) continue;
      const group = this.#group(bus ?? (isClassic ? 'classic' : 'plain'), key, nsp);
      if (isLeaving) group.left(uid);
      else group.subscribed(uid, frame.client);
      // A classic server that only gives up its own channel is counted all the same.
      if (isClassic && !names.has(`${key}-request#${nsp}#`)) continue;
      if (isLeaving) group.unregisterOne(uid);
      else group.registerOne(uid);
    }
  }

  ofRegistry({ adapter, key, nsp }: KnownGroup): PeerGroup {
    return this.#group(BUS_OF[adapter], key, nsp);
  }

  #group(bus: Bus, key: string, nsp: string): PeerGroup {
    const id = JSON.stringify([bus, key, nsp]);
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    makeRoom(this.#groups, MAX_GROUPS);
    const group = new PeerGroup();
    this.#groups.set(id, group);
    return group;
  }
}

/** Servers on different buses never meet, whatever their key: classic channels, the ClusterAdapter's, sharded pub/sub. */
type Bus = 'classic' | 'plain' | 'shard' | 'python';

const BUS_OF = { redis: 'classic', 'redis-streams': 'plain', 'redis-sharded': 'shard' } as const;

function busOf(frame: Frame, { adapter }: Message): Bus {
  if (adapter === 'python') return 'python';
  if (frame.via === 'shard' || frame.command === 'SPUBLISH' || frame.command === 'SMESSAGE') return 'shard';
  return adapter === 'redis-streams' || adapter === 'redis-sharded' ? 'plain' : 'classic';
}

function makeRoom(map: Map<string, unknown>, most = MAX_PEERS): void {
  if (map.size < most) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
