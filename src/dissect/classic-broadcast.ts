import { EMITTER, type Message } from '../model/message.ts';
import type { ArrayValue, MapValue, Value } from '../model/value.ts';
import { type ChannelName, narrowedRoom, placeBroadcast, placeNsp } from './channel.ts';
import type { Dissector } from './dissector.ts';
import { asText, type Draft, draft, infer, isArray, isMap, isNothing, keep, readFields } from './fields.ts';
import { fitPacket, readPacket } from './packet.ts';
import { type Fit, fitPayload, Misfit } from './readings.ts';
import { readSelection, roomTexts } from './selection.ts';
import { hintBroadcastVersion } from './version-hints.ts';
import type { Refusal, View } from './view.ts';

/** `[uid, packet, opts]`, or `[packet, opts]` before 0.2; `extra` is what no known version writes. */
interface Envelope {
  readonly uid: string | undefined;
  readonly packet: MapValue;
  readonly opts: Value | undefined;
  readonly extra: readonly Value[];
  readonly whole: ArrayValue;
}

/**
 * Broadcasts of socket.io-redis 0.1 to 6, @socket.io/redis-adapter 7 and 8 (`createAdapter`) and the emitters:
 * `[uid, packet, opts]` on `<key>#<nsp>#[<room>#]`, and `[packet, opts]` on `<key>#<uid>` before 0.2.
 */
export const classicBroadcast: Dissector = {
  name: 'classic broadcast',
  dissect(view: View): Message | readonly Refusal[] | undefined {
    if (view.frame.entry !== undefined || view.frame.command === 'SET') return undefined;
    if (view.name !== undefined && view.name.role !== 'broadcast' && view.name.role !== 'old')
      return undefined;
    const fit = fitPayload(view, 'broadcast [uid, packet, opts]', fitEnvelope);
    return 'shape' in fit ? toMessage(view, fit) : fit;
  },
};

function fitEnvelope(root: Value): Envelope | Misfit {
  if (!isArray(root))
    return new Misfit(`${describe(root)} stands where the envelope [uid, packet, opts] should`, root);
  const [first, second, third, ...extra] = root.items;
  if (isMap(first)) {
    const packet = fitPacket(first, root);
    if (packet instanceof Misfit) return packet;
    return checkOpts({ uid: undefined, packet, opts: second, extra: root.items.slice(2), whole: root });
  }
  const uid = asText(first);
  if (uid === undefined) return new Misfit('the envelope does not start with a uid', first ?? root);
  const packet = fitPacket(second, root);
  return packet instanceof Misfit ? packet : checkOpts({ uid, packet, opts: third, extra, whole: root });
}

function describe(value: Value): string {
  return value.type === 'int' ? `the number ${String(value.value)}` : value.type;
}

function checkOpts(envelope: Envelope): Envelope | Misfit {
  const { opts } = envelope;
  if (opts === undefined || isMap(opts) || isArray(opts) || isNothing(opts)) return envelope;
  return new Misfit('the options are no map', opts);
}

function toMessage(view: View, fit: Fit<Envelope>): Message {
  const { uid, packet, opts, extra, whole } = fit.shape;
  const message = draft('broadcast', 'redis', fit.encoding);
  const said = readPacket(message, packet);
  const name = nameOf(view, said, uid === undefined);
  const sender = uid ?? (name?.role === 'old' ? name.rest : undefined);
  if (sender !== undefined) message.uid = sender;
  if (sender === EMITTER) message.adapter = 'emitter';
  readSelection(message, opts);
  readAddress(message, name, said, uid === undefined);
  if (extra.length > 0) keep(message, 'envelope', { ...whole, items: extra });
  if (fit.findings.length > 0) message.findings = [...(message.findings ?? []), ...fit.findings];
  hintBroadcastVersion(message, { view, isOld: uid === undefined, packet, opts });
  message.body = { bytes: view.bytes, root: fit.root };
  return message;
}

/** The channel's name, cut where the payload says. */
function nameOf({ channel, name }: View, said: string | undefined, isOld: boolean): ChannelName | undefined {
  if (channel === undefined) return undefined;
  if (name === undefined) return placeBroadcast(channel, said, isOld);
  return said === undefined ? name : placeNsp(channel, name, said);
}

/** Key, namespace and room: from the payload where it says so, else from the channel, else by what senders mean. */
function readAddress(
  message: Draft,
  name: ChannelName | undefined,
  said: string | undefined,
  isOld: boolean,
): void {
  if (name !== undefined) message.key = name.key;
  const nsp = said ?? (isOld ? undefined : name?.nsp) ?? nspInFlags(message);
  if (nsp === undefined) {
    message.nsp = '/';
    infer(message, 'nsp');
  } else {
    message.nsp = nsp;
  }
  if (name === undefined || name.role === 'old') return;
  const room = narrowedRoom(name.rest, roomTexts(message.rooms));
  if (room !== undefined) message.room = room;
}

/** Some emitters of other languages put the namespace among the flags. */
function nspInFlags(message: Draft): string | undefined {
  return isMap(message.flags) ? asText(readFields(message.flags).of.get('nsp')) : undefined;
}
