/** One open session: what comes in on its socket, and everything that goes out. */
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { EventRecord } from '../../core/events.ts';
import type { Arrival, SessionOrigin } from '../../core/exchange.ts';
import { type Problem, type ProblemName, problem } from '../../core/problems.ts';
import { CLOSE, type MessageSocket, type SocketListener } from '../../core/sessions.ts';
import type { AppUse } from './app-use.ts';
import { BatchAnswer } from './batch-answer.ts';
import type { Call } from './call.ts';
import { type Answer, type Codec, errorMessage } from './codec.ts';
import { OpenCalls } from './open-calls.ts';
import { Outbox } from './outbox.ts';
import {
  type DecodedMessage,
  isFault,
  RPC_ERROR,
  type RpcErrorCode,
  type RpcId,
  type RpcMessage,
  readMessage,
} from './rpc.ts';
import type { Subscriber, Subscription } from './subscription.ts';

/** A message of so many bytes counts as one more. */
const BYTES_PER_MESSAGE = 1_024;

/** What all sessions of a front thread share; the room implements it. */
export interface SessionHost {
  readonly config: Config['webSocket'];
  readonly counters: CounterSet;
  onOpen(session: Session): void;
  onClose(session: Session): void;
  /** Carries out a message that is JSON-RPC and within the rate of the app. */
  dispatch(session: Session, rpc: RpcMessage, message: DecodedMessage, batch?: BatchAnswer): void;
  encodeEvent(codec: Codec, event: EventRecord): Uint8Array;
  /** Counts a refusal that no exchange stands for. */
  countProblem(name: ProblemName): void;
  cursorAt(sequence: number): string;
  /** The peer reads again. */
  catchUp(subscription: Subscription): void;
  endSubscription(session: Session, subscription: Subscription): void;
}

/**
 * What every call inherits of the handshake. Not the arrival itself, which would hold the snapshot
 * of that time as long as the session lasts.
 */
export type SessionLine = Pick<Arrival, 'scheme' | 'authority' | 'peer' | 'clientCertificate'>;

/** A `subscribe` that waits for its answer. */
interface Opening {
  readonly id: RpcId | undefined;
  readonly batch: BatchAnswer | undefined;
}

export class Session implements SocketListener, Subscriber {
  readonly origin: SessionOrigin;
  readonly line: SessionLine;
  readonly codec: Codec;
  readonly use: AppUse;
  readonly calls = new OpenCalls();
  readonly subscriptions = new Map<string, Subscription>();
  /** Subscriptions that are not answered yet: they wait for the journal. */
  private readonly openings = new Map<Subscription, Opening>();
  private readonly host: SessionHost;
  private readonly outbox: Outbox;
  private socket: MessageSocket | undefined;

  constructor(
    host: SessionHost,
    origin: SessionOrigin,
    line: SessionLine,
    codec: Codec,
    use: AppUse,
  ) {
    this.host = host;
    this.origin = origin;
    this.line = line;
    this.codec = codec;
    this.use = use;
    this.outbox = new Outbox(host.config, host.counters, use, codec.isBinary);
  }

  get isOpen(): boolean {
    return this.socket !== undefined;
  }

  /** Whether so much waits for the peer that it gets no more to do. */
  get isFull(): boolean {
    return this.outbox.isFull;
  }

  onOpen(socket: MessageSocket): void {
    this.socket = socket;
    this.outbox.open(socket);
    this.host.onOpen(this);
  }

  onMessage(bytes: ArrayBuffer, isBinary: boolean): void {
    if (this.socket === undefined) return;
    const { config, counters } = this.host;
    if (isBinary !== this.codec.isBinary) return this.end(CLOSE.unsupportedData, 'frame-type');
    if (bytes.byteLength > config.messageMaxBytes) {
      return this.end(CLOSE.messageTooBig, 'body-too-large');
    }
    const kilobytes = Math.floor(bytes.byteLength / BYTES_PER_MESSAGE);
    if (kilobytes > 0 && !this.chargeSize(kilobytes)) return;
    const frame = this.codec.decode(Buffer.from(bytes));
    if (frame === undefined) {
      counters.add('websocket_messages_invalid');
      return this.refuseFrame(RPC_ERROR.parse, 'The frame holds no message.');
    }
    if (frame.batchLength === undefined) {
      return this.take(frame.messages[0]!, undefined, kilobytes);
    }
    if (frame.messages.length === 0) {
      const detail = `A batch has 1 to ${config.batchMax} messages.`;
      return this.refuseFrame(RPC_ERROR.invalidRequest, detail);
    }
    const batch = new BatchAnswer(complete => this.sendBatch(complete));
    for (const message of frame.messages) {
      this.take(message, batch, kilobytes);
      if (this.socket === undefined) return;
    }
    batch.seal();
  }

  onBroken(): void {
    this.end(CLOSE.internalError, 'internal-error');
  }

  onDrain(): void {
    this.outbox.onDrain();
    this.catchUp();
  }

  /** Looked at from time to time: closes a session that does not read. */
  closeStalled(limitMs: number): void {
    if (this.outbox.isStalledSince(limitMs)) this.endSlow();
    else this.catchUp();
  }

  onClose(): void {
    if (this.socket === undefined) return;
    this.socket = undefined;
    this.outbox.close();
    this.host.onClose(this);
  }

  /** Closes with a code of RFC 6455 section 7.4.1 and a reason that says what to do. */
  end(code: number, reason: string): void {
    const { socket } = this;
    if (socket === undefined) return;
    this.host.counters.add('websocket_sessions_closed');
    // Behind what the peer does not read the frame would wait, and nobody could count the memory.
    if (this.outbox.isWaiting) socket.close();
    else socket.end(code, reason);
  }

  /** Sends a message, or closes where the peer reads too slowly for even this one. */
  send(message: Uint8Array): void {
    if (!this.outbox.send(message)) this.endSlow();
  }

  sendEvent(event: EventRecord): boolean {
    const { counters } = this.host;
    const frame = this.host.encodeEvent(this.codec, event);
    if (this.socket === undefined || this.outbox.isFull || !this.outbox.send(frame)) {
      counters.add('websocket_events_deferred');
      this.use.meter.add('events_deferred', 1);
      return false;
    }
    counters.add('websocket_events_sent');
    this.use.meter.add('events_sent', 1);
    return true;
  }

  /** A page of the journal was read for a subscription that is not there any more. */
  onWastedPage(characters: number): void {
    this.use.owe(performance.now(), Math.ceil(characters / BYTES_PER_MESSAGE));
  }

  /** Whether an answer with this id is still to come. */
  isAwaited(id: RpcId): boolean {
    if (this.calls.unanswered(id) !== undefined) return true;
    if (this.openings.size === 0) return false;
    for (const opening of this.openings.values()) if (opening.id === id) return true;
    return false;
  }

  /** What `subscribe` is answered with; where it names a cursor, not before the journal has it. */
  onReplay(subscription: Subscription): void {
    const opening = this.openings.get(subscription);
    if (opening === undefined) return;
    this.openings.delete(subscription);
    const cursor = this.host.cursorAt(subscription.after);
    this.result(opening.id, { topic: subscription.topic.id, cursor }, opening.batch);
  }

  onExpired(subscription: Subscription): void {
    const expired = problem('cursor-expired', 'The journal starts behind the cursor.');
    const wasOpening = this.refuseOpening(subscription, expired);
    this.host.endSubscription(this, subscription);
    if (!wasOpening) this.endSlow();
  }

  /** Keeps what a subscription is to be answered with. */
  answerLater(subscription: Subscription, opening: Opening): void {
    this.openings.set(subscription, opening);
  }

  /** Answers a `subscribe` that still waits; false where none does. */
  refuseOpening(subscription: Subscription, refusal: Problem): boolean {
    const opening = this.openings.get(subscription);
    if (opening === undefined) return false;
    this.openings.delete(subscription);
    this.refuse(opening.id, RPC_ERROR.refused, refusal, opening.batch);
    return true;
  }

  notify(method: string, params: object): void {
    this.send(this.codec.encode({ jsonrpc: '2.0', method, params }));
  }

  /** Answers a call that reached its upstream. */
  answer(call: Call, answer: Answer): void {
    const { id, batch } = call;
    if (id === undefined) return;
    call.isAnswered = true;
    if (this.socket === undefined) return;
    const message = this.codec.encodeAnswer(id, answer);
    if (batch === undefined) return this.send(message);
    if (this.outbox.hold(message.length)) {
      batch.heldBytes += message.length;
      return batch.add(message);
    }
    const detail = 'The answers of batches that wait for others are too large together.';
    this.refuse(id, RPC_ERROR.refused, problem('answer-too-large', detail), batch);
  }

  /** Answers with what this side made: the result of a subscription. */
  result(id: RpcId | undefined, result: object, batch: BatchAnswer | undefined): void {
    if (id === undefined) return;
    this.reply(this.codec.encode({ jsonrpc: '2.0', id, result }), batch);
  }

  /** Answers with a problem; a notification is answered with nothing. */
  refuse(
    id: RpcId | null | undefined,
    code: RpcErrorCode,
    refusal: Problem,
    batch: BatchAnswer | undefined,
    requestId?: string,
  ): void {
    this.use.meter.add('messages_refused', 1);
    // Where there is an exchange its record counts the problem.
    if (requestId === undefined) this.host.countProblem(refusal.name);
    if (id === undefined) return;
    this.reply(this.codec.encode(errorMessage(id, code, refusal, requestId)), batch);
  }

  /** `charged` is what its frame was charged for its size. */
  private take(message: DecodedMessage, batch: BatchAnswer | undefined, charged: number): void {
    const { counters } = this.host;
    counters.add('websocket_messages_received');
    this.use.meter.add('messages', 1);
    const isWithin = this.use.take(performance.now(), charged);
    if (!isWithin && this.use.isDeaf) return this.end(CLOSE.policyViolation, 'rate-limited');
    const rpc = readMessage(message.value);
    if (isFault(rpc)) {
      counters.add('websocket_messages_invalid');
      if (rpc.id !== undefined) batch?.expect();
      return this.refuse(rpc.id, rpc.code, problem(rpc.problem, rpc.detail), batch);
    }
    if (rpc.id !== undefined) batch?.expect();
    if (isWithin) return this.host.dispatch(this, rpc, message, batch);
    this.refuseRate(rpc.id, batch);
  }

  /**
   * A large message counts for more than one, a kilobyte each: reading it costs as much. False
   * where the app has used up its rate and this would have to be read for its id alone.
   */
  private chargeSize(kilobytes: number): boolean {
    if (this.use.owe(performance.now(), kilobytes)) return true;
    if (this.use.isDeaf) this.end(CLOSE.policyViolation, 'rate-limited');
    else this.refuseRate(null, undefined);
    return false;
  }

  private refuseRate(id: RpcId | null | undefined, batch: BatchAnswer | undefined): void {
    this.host.counters.add('websocket_messages_rate_limited');
    this.use.meter.add('messages_rate_limited', 1);
    const detail = `An app may send ${this.host.config.messagesPerSecondMax} messages a second.`;
    this.refuse(id, RPC_ERROR.refused, problem('rate-limited', detail), batch);
  }

  private refuseFrame(code: RpcErrorCode, detail: string): void {
    this.use.take(performance.now());
    if (this.use.isDeaf) this.end(CLOSE.policyViolation, 'rate-limited');
    else this.refuse(null, code, problem('malformed-request', detail), undefined);
  }

  private reply(message: Uint8Array, batch: BatchAnswer | undefined): void {
    if (batch === undefined) this.send(message);
    else batch.add(message);
  }

  private sendBatch({ parts, heldBytes }: BatchAnswer): void {
    this.outbox.release(heldBytes);
    this.send(this.codec.joinBatch(parts));
  }

  private catchUp(): void {
    if (!this.outbox.hasRoom) return;
    for (const subscription of this.subscriptions.values()) this.host.catchUp(subscription);
  }

  private endSlow(): void {
    this.host.counters.add('websocket_slow_consumers_closed');
    this.end(CLOSE.tryAgainLater, 'slow-consumer');
  }
}
