// Everything the broker has to do differently than rhea 3.0.5 does it, or that reaches into rhea's inside. rhea is
// pinned exactly; the conformance tests say whether this still fits after an update.
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import rhea, { type Connection, type Delivery, type Receiver, type Sender, type Session } from 'rhea';
import type { BrokerError } from './broker-error.ts';

interface Described {
  described(): unknown;
}

interface RheaModule {
  readonly message: {
    accepted(): Described;
    rejected(fields: { error: { condition: string; description: string } }): Described;
  };
  readonly types: {
    wrap_int(value: number): unknown;
    wrap_long(value: Buffer): unknown;
    wrap_symbol(value: string): unknown;
    wrap_array(values: readonly unknown[], typeCode: number): unknown;
  };
}

interface Frames {
  disposition(fields: { role: boolean; first: number; last: number; settled: true; state: unknown }): unknown;
}

interface ConnectionInside {
  readonly socket: Socket | undefined;
  _process(): void;
  _register(): void;
  _write_frame(): void;
  _disconnected(): void;
}

interface TransferFrame {
  readonly performative: { readonly handle: number; message_format?: number };
}

interface SessionInside {
  readonly remote: { readonly handles: Readonly<Record<number, LinkInside | undefined>> };
  readonly outgoing: { available(): number };
  output(frame: unknown): void;
  on_transfer(frame: TransferFrame): unknown;
}

interface LinkInside {
  readonly local: { readonly attach: { max_message_size?: number; properties?: unknown } };
  readonly state: { local_open: boolean; open_requests: number };
  readonly _incomplete?: unknown;
  readonly _draining: boolean;
  _drained: boolean;
  credit: number;
  delivery_count: number;
  _get_drain(): boolean;
}

interface DeliveryInside {
  settled: boolean;
  remote_settled: boolean;
  state: unknown;
}

const { message, types } = rhea as unknown as RheaModule;
const frames: Frames = createRequire(import.meta.url)('rhea/lib/frames.js');

/** Settings of the listener; rhea's own types do not know all of them. */
export function listenOptions(host: string, port: number) {
  return {
    host,
    port,
    max_frame_size: 65_536,
    // Every frame would otherwise wait for the acknowledgement of the one before.
    noDelay: true,
    // Deliveries on their way to one client: the SDK's own window is 2048, ours must not be the narrower one.
    session_buffer_size: { incoming: 2048, outgoing: 8192 },
    // Nothing is accepted before it is safe.
    receiver_options: { credit_window: 1000, autoaccept: false, autosettle: false },
    // Abandoning ("modified") must not look like releasing.
    sender_options: { autosettle: true, treat_modified_as_released: false },
  };
}

// --- Outcomes
// ---------------------------------------------------------------------------------------------------------

export const ACCEPTED: unknown = message.accepted().described();

export function rejectedWith({ condition, message: description }: BrokerError): unknown {
  return message.rejected({ error: { condition, description } }).described();
}

const SETTLED_THIS_TURN = new WeakMap<Session, Delivery[]>();

/**
 * Settles a delivery with our own disposition frames. rhea's merge the first two neighbours of a turn even if their
 * outcomes differ. And rhea frees a delivery we sent only once the peer has settled it, which a receiver that waits for
 * us to settle first never says: the link would stall when the session's buffer is full.
 */
export function settle(delivery: Delivery, outcome: unknown): void {
  const inside = delivery as unknown as DeliveryInside;
  inside.settled = true;
  inside.remote_settled = true;
  inside.state = outcome;
  const { session } = delivery.link;
  const waiting = SETTLED_THIS_TURN.get(session);
  if (waiting) {
    waiting.push(delivery);
    return;
  }
  SETTLED_THIS_TURN.set(session, [delivery]);
  process.nextTick(writeDispositions, session);
}

function writeDispositions(session: Session): void {
  const deliveries = SETTLED_THIS_TURN.get(session) ?? [];
  SETTLED_THIS_TURN.delete(session);
  if (!session.is_open()) return;
  const connection = connectionInside(session.connection);
  connection.socket?.cork();
  for (const group of neighboursWithSameOutcome(deliveries)) {
    const { first, last, role, state } = group;
    sessionInside(session).output(frames.disposition({ role, first, last, settled: true, state }));
  }
  connection.socket?.uncork();
  // Lets rhea drop what is settled.
  connection._register();
}

interface SettledRange {
  readonly role: boolean;
  readonly first: number;
  readonly state: unknown;
  last: number;
}

function neighboursWithSameOutcome(deliveries: readonly Delivery[]): SettledRange[] {
  const ranges: SettledRange[] = [];
  for (const delivery of deliveries) {
    const { state } = delivery as unknown as DeliveryInside;
    const previous = ranges.at(-1);
    if (previous && state === ACCEPTED && previous.state === ACCEPTED && previous.last + 1 === delivery.id) {
      previous.last = delivery.id;
    } else ranges.push({ role: delivery.link.is_receiver(), first: delivery.id, last: delivery.id, state });
  }
  return ranges;
}

// --- Messages as bytes
// ------------------------------------------------------------------------------------------------

const FORMATS = new WeakMap<object, number>();

/**
 * rhea decodes messages of format 0 itself and drops the bytes, with them the exact types of the sender. On links
 * marked with `receiveBytes` every message pretends to be of another format and comes as a Buffer.
 */
export function allowBytes(session: Session): void {
  const inside = sessionInside(session);
  const original = inside.on_transfer;
  inside.on_transfer = function (this: SessionInside, frame) {
    const { performative } = frame;
    const link = this.remote.handles[performative.handle];
    // Only the first frame of a message tells the format.
    if (link && FORMATS.has(link) && !link._incomplete) {
      FORMATS.set(link, performative.message_format ?? 0);
      performative.message_format ||= 1;
    }
    return original.call(this, frame);
  };
}

export function receiveBytes(link: Receiver): void {
  FORMATS.set(link, 0);
}

/** The real format of the message just received. */
export function messageFormat(link: Receiver): number {
  return FORMATS.get(link) ?? 0;
}

// --- Attaching
// --------------------------------------------------------------------------------------------------------

/** Without it createMessageBatch() of the SDK does not know how large a batch may be. */
export function announceMaxMessageSize(link: Receiver, bytes: number): void {
  linkInside(link).local.attach.max_message_size = bytes;
}

/** rhea answers an attach before anyone is asked; a session receiver's answer has to wait until a session is locked. */
export function holdBackAttach(link: Sender): void {
  const { state } = linkInside(link);
  state.local_open = false;
  state.open_requests = 0;
}

export function setAttachProperties(link: Sender, properties: Readonly<Record<string, unknown>>): void {
  linkInside(link).local.attach.properties = properties;
}

// --- Credit and drain
// -------------------------------------------------------------------------------------------------

export interface LinkCredit {
  /** How many messages may still be sent. */
  available(): number;
  send(bytes: Buffer, tag: Buffer): Delivery;
  /** Gives back all credit if the receiver asked for that. */
  answerDrain(): void;
}

/**
 * rhea lowers the credit only when frames leave, so what is sent but not written yet is subtracted here. It also keeps
 * silent on a drain when no credit is left; the SDK then closes the link after 200 ms, with messages in flight.
 */
export function trackCredit(link: Sender): LinkCredit {
  const inside = linkInside(link);
  let sent = 0;
  let drained = 0;
  inside._get_drain = function (this: LinkInside) {
    if (!this._draining || !this._drained) return false;
    drained += this.credit;
    this.delivery_count += this.credit;
    this.credit = 0;
    this._drained = false;
    return true;
  };
  return {
    available() {
      if (!link.is_open() || sessionInside(link.session).outgoing.available() <= 0) return 0;
      const notWritten = sent + drained - inside.delivery_count;
      return inside.credit - notWritten;
    },
    send(bytes, tag) {
      sent++;
      return link.send(bytes, tag, 0);
    },
    answerDrain() {
      if (!inside._draining || !link.is_open()) return;
      link.set_drained(true);
      connectionInside(link.connection)._register();
    },
  };
}

// --- Connections
// ------------------------------------------------------------------------------------------------------

/**
 * All frames of one turn leave in one write. More than speed: when we attach and detach at once, the SDK waits a
 * millisecond for the reason in the detach.
 */
export function corkWrites(connection: Connection): void {
  const inside = connectionInside(connection);
  const original = inside._process;
  inside._process = function (this: ConnectionInside) {
    const { socket } = this;
    socket?.cork();
    try {
      original.call(this);
    } finally {
      socket?.uncork();
    }
  };
}

/**
 * The SDK's socket delays small writes until the last one is acknowledged, and our system delays the acknowledgement of
 * a frame that gets no answer: 40 ms for every link. An empty frame, which is a heartbeat, carries it at once.
 */
export function acknowledgePromptly(connection: Connection): void {
  const inside = connectionInside(connection);
  const { socket } = inside;
  let planned = false;
  socket?.on('data', () => {
    if (planned) return;
    planned = true;
    const before = socket.bytesWritten;
    setImmediate(() => {
      planned = false;
      if (socket.bytesWritten === before && socket.writable && connection.is_open()) inside._write_frame();
    });
  });
}

/** rhea does not notice a socket that we destroyed ourselves, and its heartbeat timer would keep running. */
export function noticeClosedSocket(connection: Connection): void {
  const inside = connectionInside(connection);
  inside.socket?.once('close', () => inside._disconnected());
}

export function socketOf(connection: Connection): Socket | undefined {
  return connectionInside(connection).socket;
}

// --- Values
// -----------------------------------------------------------------------------------------------------------

export function int(value: number): unknown {
  return types.wrap_int(value);
}

export function symbol(value: string): unknown {
  return types.wrap_symbol(value);
}

/** From eight bytes, because a number would not hold all of it. */
export function long(value: bigint): unknown {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return types.wrap_long(bytes);
}

export function longs(values: readonly number[]): unknown {
  return types.wrap_array(values, 0x81);
}

export function timestamps(values: readonly number[]): unknown {
  return types.wrap_array(values, 0x83);
}

/** rhea gives a long as a number where that is exact, else as bytes. */
export function numberFromLong(value: unknown): number {
  return Buffer.isBuffer(value) ? Number(value.readBigInt64BE()) : Number(value);
}

/** A decoded map, whose values rhea leaves wrapped in some places. */
export function plainValues(map: unknown): Record<string, unknown> {
  if (!isRecord(map)) return {};
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, isRecord(value) && 'type' in value ? value['value'] : value]),
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function connectionInside(connection: Connection): ConnectionInside {
  return connection as unknown as ConnectionInside;
}

function sessionInside(session: Session): SessionInside {
  return session as unknown as SessionInside;
}

function linkInside(link: Sender | Receiver): LinkInside {
  return link as unknown as LinkInside;
}
