/** One connection: its calls in flight, and what the gateway says beside their answers. */
import type { SignatureHeaders } from '../signature-base.ts';
import type { Codec, IncomingMessage, OutgoingMessage, RpcError } from './codec.ts';
import { InFlight } from './in-flight.ts';
import type { SessionCounters, SessionLimits } from './limits.ts';
import type { Carrier, PendingCall } from './pending-call.ts';
import { ReadingPause, type SlowReader } from './reading-pause.ts';
import { SessionError } from './session-error.ts';
import type { SessionSocket, SocketClose, SocketEvents } from './socket.ts';

export type GatewayNotification = Extract<IncomingMessage, { readonly kind: 'notification' }>;

/** Who hears of a link. */
export interface LinkOwner {
  /** A place has become free. */
  onRoom(link: Link): void;
  /** @param bytes of the message; of text its length */
  onNotification(link: Link, notification: GatewayNotification, bytes: number): void;
  /** @param cut calls that were in flight and are not settled */
  onEnded(link: Link, close: SocketClose, cut: readonly PendingCall[]): void;
}

/** What every link of a session is made of. */
export interface LinkParts {
  readonly codec: Codec;
  readonly limits: SessionLimits;
  readonly counters: SessionCounters;
  readonly owner: LinkOwner;
}

/** Silence is counted in thirds of its limit: two of them are pinged. */
const SILENCE_STEPS = 3;
/** No id of ours: the gateway has nothing to cancel, and says so. */
const NO_CALL_ID = 0;
/** A message of this size or more the gateway may refuse unread (docs/websocket.md, Limits). */
const UNREAD_BYTES = 1_024;

export class Link implements SocketEvents, Carrier {
  readonly parts: LinkParts;
  /** It ends soon: the gateway has said `goaway`. */
  isLeaving = false;
  /** The connection ended because of what the gateway sent. */
  fault: SessionError | undefined;
  readonly reading: ReadingPause;
  private socket: SessionSocket | undefined;
  private isEnded = false;
  private readonly inFlight: InFlight;
  /** Places kept for calls that are being signed. */
  private reserved = 0;
  private lastId = NO_CALL_ID;
  private wasHeard = false;
  private silentSteps = 0;
  private silenceTimer: ReturnType<typeof setInterval> | undefined;
  private readonly onOpen: (error: Error | undefined) => void;

  /** @param onOpen called once, with an error where the connection could not be opened */
  constructor(parts: LinkParts, onOpen: (error: Error | undefined) => void) {
    this.parts = parts;
    this.onOpen = onOpen;
    this.reading = new ReadingPause(parts.limits.pauseMaxMs, parts.counters);
    this.inFlight = new InFlight(parts.limits.cancelGraceMs, () => this.onFreed());
  }

  /** Whether what is written now is sent. */
  get isOpen(): boolean {
    return this.socket?.isOpen === true && !this.isEnded;
  }

  /** No call of it awaits anything. */
  get isIdle(): boolean {
    return this.inFlight.size === 0 && this.reserved === 0;
  }

  /** Calls that may be written now. */
  get places(): number {
    const { limits } = this.parts;
    if (!this.isOpen || this.socket!.bufferedBytes >= limits.sendBufferMaxBytes) return 0;
    return Math.max(0, limits.callsInFlightMax - this.inFlight.size - this.reserved);
  }

  /** Keeps places for calls that are being signed; a negative count gives them back. */
  reserve(places: number): void {
    this.reserved += places;
  }

  /** Tells the owner where there are places. */
  offerPlaces(): void {
    if (this.places > 0) this.parts.owner.onRoom(this);
  }

  /**
   * Writes calls as one frame, as a batch where there are several; calls that are too large fail.
   * @param signatures one for each call, undefined where it has none
   * @throws TypeError where the params cannot be encoded
   */
  write(
    calls: readonly PendingCall[],
    signatures: readonly (SignatureHeaders | undefined)[],
    nowMs: number,
  ): void {
    const messages = calls.map((call, i) => this.messageOf(call, signatures[i], nowMs));
    const { codec, limits } = this.parts;
    const data = calls.length === 1 ? codec.encode(messages[0]!) : codec.encodeBatch(messages);
    if (exceeds(data, limits.messageMaxBytes)) {
      const detail = `A message may have ${limits.messageMaxBytes} bytes.`;
      for (const call of calls) call.fail(new SessionError('message-too-large', detail));
      return;
    }
    this.socket!.send(data);
    for (const call of calls) this.enter(call);
    const ids = messages.map(({ id }) => id);
    this.inFlight.add(calls, ids, exceeds(data, UNREAD_BYTES - 1));
    for (const call of calls) if (call.terms.isNotification) call.succeed(undefined);
    this.reading.setAwaiting(this.inFlight.size > 0);
  }

  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    if (!this.isOpen) return;
    this.socket!.send(this.parts.codec.encode({ id: undefined, method, params, body: undefined }));
  }

  /** The place stays taken until the gateway has answered, or has had `cancelGraceMs` for it. */
  giveUp(call: PendingCall): void {
    const id = this.inFlight.giveUp(call);
    if (id !== undefined) this.notify('cancel', { id });
  }

  /** The calls in flight: their answers belong to nobody from now on. */
  takeCalls(): PendingCall[] {
    const calls = this.inFlight.takeCalls();
    for (const call of calls) call.carrier = undefined;
    return calls;
  }

  /** False where reading cannot be paused. */
  holdReading(reader: SlowReader): boolean {
    return this.isOpen && this.socket!.pause !== undefined && this.reading.hold(reader);
  }

  close(): void {
    this.socket?.close();
  }

  cut(): void {
    this.socket?.cut();
  }

  opened(socket: SessionSocket): void {
    this.socket = socket;
    this.reading.socket = socket;
    const stepMs = this.parts.limits.silenceMaxMs / SILENCE_STEPS;
    this.silenceTimer = setInterval(this.onSilenceStep, stepMs);
    this.onOpen(undefined);
  }

  failed(error: Error): void {
    this.isEnded = true;
    this.onOpen(error);
  }

  alive(): void {
    this.wasHeard = true;
  }

  drained(): void {
    this.offerPlaces();
  }

  message(data: string | Uint8Array): void {
    this.wasHeard = true;
    // What comes behind a fault belongs to nobody.
    if (this.fault !== undefined) return;
    let messages: IncomingMessage[];
    try {
      messages = this.parts.codec.decode(data);
    } catch (cause) {
      this.fault = new SessionError('protocol-error', 'The gateway sent no message.', { cause });
      this.cut();
      return;
    }
    const bytes = Math.ceil(data.length / messages.length);
    for (const message of messages) this.take(message, bytes);
    this.onFreed();
  }

  closed(close: SocketClose): void {
    if (this.isEnded) return;
    this.isEnded = true;
    clearInterval(this.silenceTimer);
    this.reading.end();
    this.inFlight.end();
    this.parts.owner.onEnded(this, close, this.takeCalls());
  }

  private messageOf(
    call: PendingCall,
    signature: SignatureHeaders | undefined,
    nowMs: number,
  ): OutgoingMessage {
    const { message, terms } = call;
    let { params } = message;
    if (signature !== undefined) {
      params = { ...params, headers: { ...(params.headers as object), ...signature } };
    }
    if (terms.isDeadlineSent) params = { ...params, deadlineMs: call.leftMs(nowMs) };
    const id = terms.isNotification ? undefined : ++this.lastId;
    return { id, method: message.method, params, body: message.body };
  }

  private enter(call: PendingCall): void {
    const { counters } = this.parts;
    counters.callsSent++;
    if (call.sendings > 0) counters.callsRepeated++;
    call.sendings++;
    if (!call.terms.isNotification) call.carrier = this;
  }

  private take(message: IncomingMessage, bytes: number): void {
    if (message.kind === 'notification') {
      this.parts.owner.onNotification(this, message, bytes);
      return;
    }
    const { id, error, result } = message;
    if (id === null && error !== undefined) this.takeRefusal(error);
    if (typeof id !== 'number') return;
    const call = this.inFlight.take(id);
    if (call === undefined) return;
    call.carrier = undefined;
    if (error === undefined) call.succeed(result);
    else call.refuse(error);
  }

  /** What the gateway did not read it refuses without an id. */
  private takeRefusal(error: RpcError): void {
    const calls = this.inFlight.takeRefused(error);
    if (calls === undefined) {
      // Whose it is nobody knows, and a guess might have a payment made twice.
      this.cut();
      return;
    }
    for (const call of calls) {
      call.carrier = undefined;
      call.refuse(error);
    }
  }

  private onFreed(): void {
    this.reading.setAwaiting(this.inFlight.size > 0);
    this.offerPlaces();
  }

  /** Nothing is heard while reading is paused, so nothing follows from it. */
  private readonly onSilenceStep = (): void => {
    if (this.wasHeard || this.reading.isPaused) {
      this.wasHeard = false;
      this.silentSteps = 0;
      return;
    }
    this.silentSteps++;
    if (this.silentSteps >= SILENCE_STEPS) this.cut();
    else this.probe();
  };

  /** A browser sends no pings: there a call does it that the gateway answers at once. */
  private probe(): void {
    const socket = this.socket!;
    if (!socket.isOpen) return;
    if (socket.ping !== undefined) {
      socket.ping();
      return;
    }
    const id = ++this.lastId;
    this.inFlight.addOwn(id);
    const params = { id: NO_CALL_ID };
    socket.send(this.parts.codec.encode({ id, method: 'cancel', params, body: undefined }));
  }
}

/** UTF-8 takes at most three bytes for a UTF-16 unit, so that most texts need no look. */
function exceeds(data: string | Uint8Array, bytesMax: number): boolean {
  if (typeof data !== 'string') return data.byteLength > bytesMax;
  if (data.length * 3 <= bytesMax) return false;
  return data.length > bytesMax || new TextEncoder().encode(data).byteLength > bytesMax;
}
