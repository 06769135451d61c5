/**
 * One call on its way through the rooms. Each room fills its own part once and edits nobody else's;
 * the comments say whose part is whose.
 */
import { fieldOf } from './field-of.ts';
import type { Problem } from './problems.ts';
import type {
  CompiledSnapshot,
  Grant,
  KeyEntry,
  OperationEntry,
  SignatureSchemeName,
} from './snapshot.ts';
import { STAGES, type StageTimes } from './stages.ts';
import type { UpstreamRecord } from './upstream-record.ts';

/** A step that returns it goes on later, through `exchange.resume`. */
export const PENDING: unique symbol = Symbol('pending');
export type StepResult = Problem | undefined | typeof PENDING;
export type Step = (exchange: Exchange) => StepResult;

/** Carries an exchange on after a wait, or to its refusal. Implemented by the pipeline. */
export interface ExchangeDriver {
  resume(exchange: Exchange, refusal: Problem | undefined): void;
  complete(exchange: Exchange): void;
}

/** Where a transport hands its exchanges in. Implemented by the pipeline. */
export interface ExchangeIntake extends ExchangeDriver {
  /** `refusal` is what the transport already found wrong. */
  start(exchange: Exchange, refusal: Problem | undefined): void;
  /** The peer left, or does not want the answer any more. */
  abort(exchange: Exchange): void;
  /** Its time is over: `refusal` is the answer, unless one has begun. */
  expire(exchange: Exchange, refusal: Problem): void;
}

/** Where the answer's bytes come from; implemented by the upstream room. */
export interface AnswerSource {
  /** The peer reads again after `AnswerSink.write` returned false. */
  resume(): void;
  /**
   * The peer is gone. A safe request is stopped and completed at once; any other is finished with
   * the upstream, its answer thrown away, so that its outcome is known and recorded.
   */
  cancel(): void;
  /**
   * The caller gets another answer, before this one has begun. A safe request is stopped; any other
   * is finished with the upstream, and the exchange hears nothing of it.
   */
  giveUp(): void;
}

/** Where the answer's bytes go; implemented by the respond room, the only writer to the socket. */
export interface AnswerSink {
  /**
   * Starts an answer. `headers` is flat name, value pairs in lower case without framing fields.
   * `contentLength` is undefined when the length is not known. `hasBody` is false for HEAD and for
   * statuses without content, where `contentLength` is only announced.
   */
  begin(
    exchange: Exchange,
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void;
  /** Sends or copies the chunk before it returns; false asks for a pause until `resume`. */
  write(exchange: Exchange, chunk: Uint8Array): boolean;
  /** Ends the answer. A body that is known whole passes its only chunk here. */
  end(exchange: Exchange, lastChunk?: Uint8Array): void;
  /** Cuts the connection: the answer has begun and cannot be completed. */
  abort(exchange: Exchange): void;
}

/**
 * Stands before the sink of a call whose answer is kept: the source writes to it, and what the
 * caller gets has been kept before. Implemented by the idempotency room.
 */
export interface AnswerRecorder extends AnswerSink {
  /** The caller gets another answer; this one is still to come, and to be kept. */
  detach(): void;
}

export interface Identity {
  readonly entry: KeyEntry;
  /** The sibling in data-plane/verify that checked it. */
  readonly scheme: SignatureSchemeName | 'token';
  /** Of a signature by RFC 9421: its label; undefined for any other. */
  readonly signatureLabel?: string | undefined;
  /** What a token grants, beside what the subscription does; undefined for a signature. */
  readonly scopes?: ReadonlySet<string>;
  /** The handshake of the session proved it, not this message. */
  readonly viaSession: boolean;
}

/** Who opened a session: what an exchange of one of its messages starts with. */
export interface SessionOrigin {
  readonly id: string;
  /** Of the handshake, as its messages have it. The key is looked at again for each of them. */
  readonly identity: Identity;
}

export interface Target {
  readonly entry: OperationEntry;
  /** Where the call goes: the API's own, or its sandbox for a sandbox app. */
  readonly upstream: UpstreamRecord;
  /** Undefined for a public operation. */
  readonly grant: Grant | undefined;
}

export interface ClientCertificate {
  /** SHA-256 of the DER certificate, base64url: the `x5t#S256` of RFC 8705 section 3.1. */
  readonly thumbprintSha256: string;
  /** SHA-256 of its SubjectPublicKeyInfo (DER), base64url. */
  readonly publicKeySha256: string;
  readonly subject: string;
}

/** What the front saw, filled before the first step runs. */
export interface Arrival {
  readonly requestId: string;
  /** What the upstream gets: the caller's trace with a span of ours (W3C Trace Context 3.2). */
  readonly traceparent: string;
  readonly method: string;
  /** Canonical path: what is verified, routed and forwarded. */
  readonly path: string;
  /** Raw query with its leading `?`, or ''. */
  readonly query: string;
  readonly scheme: 'http' | 'https';
  /** The Host field as sent. */
  readonly authority: string;
  /** Flat name, value pairs as they arrived; names in lower case. */
  readonly headers: readonly string[];
  /** Peer address in text form. */
  readonly peer: string;
  readonly clientCertificate: ClientCertificate | undefined;
  /** Monotonic milliseconds at which the head was complete. */
  readonly arrivedMs: number;
  readonly snapshot: CompiledSnapshot;
  /** Of a message: the session that it came on. Undefined for an HTTP request. */
  readonly session: SessionOrigin | undefined;
}

/** `position` of an exchange whose body is awaited; the pipeline sees to it that this is so. */
export const BODY_POSITION = 3;

export const EMPTY_BODY = new Uint8Array(0);

/**
 * How far an exchange came, by its `position`: `head` before the first step, then the step that ran
 * last. The pipeline sees to it that there is a name for each.
 */
export const STEP_NAMES = [
  'head',
  'admit',
  'published',
  'body',
  'verify',
  'route',
  'prepare-answer',
  'limit',
  'idempotency',
  'convert-request',
  'forward',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** The socket's side of an exchange: what the front received it on, and who answers there. */
export interface Transport {
  /** The listener's own response object; only the front and the sink look inside. */
  readonly handle: unknown;
  readonly sink: AnswerSink;
}

/** What an exchange holds of shared limits until it is over; made by the policy room. */
export interface PolicyHold {
  giveBack(): void;
}

export class Exchange {
  readonly arrival: Arrival;
  readonly transport: Transport;
  /** front, sessions: monotonic milliseconds at which the caller gives up; Infinity where never. */
  deadlineAtMs = Number.POSITIVE_INFINITY;
  /** admission: whether it counts against the limits of its source. */
  admitted = false;
  /** front, sessions, transform: bytes that count against bodiesBufferedMaxBytes. */
  bodyReservedBytes = 0;
  /** idempotency, transform, respond: of them, for the answer while it is gathered. */
  answerReservedBytes = 0;
  /** front: the connection must not be used again (what follows on it is not trusted). */
  closeConnection = false;
  /** front: the whole body once it has arrived; gone once a worker has it to convert. */
  body: Uint8Array = EMPTY_BODY;
  /** front: how long it was. */
  bodyBytes = 0;
  /** verify: undefined for a call without a signature. */
  identity: Identity | undefined = undefined;
  /** route */
  target: Target | undefined = undefined;
  /** policy: what is given back when the exchange is over. */
  hold: PolicyHold | undefined = undefined;
  /** policy: fields of the answer, whatever it is: flat name, value pairs in lower case. */
  policyFields: readonly string[] | undefined = undefined;
  /** idempotency: where the answer goes first, in place of the transport's sink. */
  recorder: AnswerRecorder | undefined = undefined;
  /** transform: before the transport's sink where the answer is converted. */
  converter: AnswerSink | undefined = undefined;
  /** transform: what the upstream gets in the place of `body`. */
  outgoingBody: Uint8Array | undefined = undefined;
  /**
   * transform: in the place of the caller's fields about the body and about what it accepts, flat
   * name, value pairs in lower case.
   */
  outgoingFields: readonly string[] | undefined = undefined;
  /** upstream: set while it produces an answer. */
  source: AnswerSource | undefined = undefined;
  /** upstream: requests sent for this exchange. */
  attempts = 0;
  /** upstream: the target that answered, or was asked last, as its Host field names it. */
  upstreamHost: string | undefined = undefined;
  /** idempotency: the answer is the one that was kept of an earlier call. */
  replayed = false;
  /** respond: what the caller got. 0 until a head was sent. */
  status = 0;
  responseBytes = 0;
  /** pipeline: its answer is a problem, which may still be on its way: nothing else is sent. */
  isRefused = false;
  /** pipeline: the first problem, if any. */
  refusal: Problem | undefined = undefined;
  /** front: the peer closed before the answer was complete. */
  aborted = false;
  /** pipeline: the next step's index. */
  position = 0;
  /** pipeline: recorded; whatever arrives later is ignored. */
  completed = false;
  /** Milliseconds spent in each of STAGES. */
  readonly stageMs: StageTimes = new Float32Array(STAGES.length);
  private readonly driver: ExchangeDriver;

  constructor(arrival: Arrival, transport: Transport, driver: ExchangeDriver) {
    this.arrival = arrival;
    this.transport = transport;
    this.driver = driver;
  }

  /** Goes on after a step returned PENDING. Call it exactly once per PENDING. */
  resume(refusal?: Problem): void {
    this.driver.resume(this, refusal);
  }

  /** The answer was handed over whole, or nobody is left to read it: record it. */
  complete(): void {
    this.driver.complete(this);
  }

  /** Nobody waits any more for what comes of it. */
  get isOver(): boolean {
    return this.completed || this.isRefused;
  }

  /** Gives the caller a problem in the place of an answer that is still coming. */
  refuseAnswer(refusal: Problem): void {
    this.source?.giveUp();
    this.source = undefined;
    this.resume(refusal);
  }

  /** Where an answer that the call has brought goes; a problem goes to the transport's own. */
  get sink(): AnswerSink {
    return this.converter ?? this.transport.sink;
  }

  /** The first value of a header, by its lower-case name. */
  header(name: string): string | undefined {
    return fieldOf(this.arrival.headers, name);
  }
}
