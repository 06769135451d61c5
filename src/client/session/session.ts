/** A partner's line to the bank: calls and events over connections that come and go. */
import { type Answer, readAnswer, readRefusal } from './answer.ts';
import { type CallSpec, composeCall, type OperationParams, withKey } from './call-message.ts';
import type { SessionCounters } from './limits.ts';
import { type CallMessage, PendingCall } from './pending-call.ts';
import { SessionEngine, type SessionParts } from './session-engine.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

export interface CallOptions {
  /** Gives the call up: it rejects with the signal's reason, and the gateway is told. */
  readonly signal?: AbortSignal;
  /** 1 to 600,000, from now to the answer. */
  readonly deadlineMs?: number;
  /**
   * Of a call that is to take effect once, however often it is sent, for operations that honour it
   * (docs/idempotency.md).
   */
  readonly idempotencyKey?: string;
  /**
   * Whether it may be sent again when its connection is lost. Without it that is so for GET, HEAD,
   * PUT and DELETE, and for calls with an `idempotencyKey`.
   */
  readonly idempotent?: boolean;
}

export interface RequestCallOptions extends CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Signs the message itself, as operations with `messageSignature: required` want. */
  readonly sign?: boolean;
}

/** A call that can be made, checked in full. */
interface Composed {
  readonly message: CallMessage;
  readonly isRepeatable: boolean;
}

interface Started {
  readonly call: PendingCall;
  readonly answer: Promise<Answer | undefined>;
}

const DEADLINE_MAX_MS = 600_000;

export class Session implements AsyncDisposable {
  private readonly engine: SessionEngine;

  /** See `connect`. */
  constructor(engine: SessionEngine) {
    this.engine = engine;
  }

  /** What it has done until now. */
  get counters(): Readonly<SessionCounters> {
    return this.engine.counters;
  }

  /** Resolves when it is over: with nothing after `close`, else with the error that ended it. */
  get ended(): Promise<Error | undefined> {
    return this.engine.ended;
  }

  /**
   * Calls an operation by its id, such as `accounts.getBalances`.
   * @throws ProblemError where the gateway refuses, or the upstream answers with 400 or more
   * @throws SessionError where there is no answer; it says whether the call may have taken effect
   */
  async call<T = unknown>(
    operation: string,
    params: OperationParams = {},
    options: CallOptions = {},
  ): Promise<Answer<T>> {
    return this.send<T>({ ...params, operation }, options);
  }

  /**
   * Calls by method and path. `body` is sent as JSON, a JsonText as it is, bytes as bytes.
   * @throws ProblemError, SessionError as {@link call}
   * @throws TypeError where the path is outside the base URL
   */
  async request<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    options: RequestCallOptions = {},
  ): Promise<Answer<T>> {
    const { headers = {}, sign = false, ...terms } = options;
    return this.send<T>({ method, path, body, headers, sign }, terms);
  }

  /** A call that is not answered: resolves when it was sent. */
  async notify(spec: CallSpec, options: CallOptions = {}): Promise<void> {
    const { call, answer } = this.start(this.compose(spec, options), options, true);
    this.engine.calls.add([call]);
    await answer;
  }

  /**
   * Several calls in one message, with one outcome each in their order.
   * @throws RangeError beyond `batchMax` and `callsInFlightMax`
   * @throws TypeError where one of them is none; nothing is sent then
   */
  async batch(
    specs: readonly CallSpec[],
    options: CallOptions = {},
  ): Promise<PromiseSettledResult<Answer>[]> {
    const { batchMax, callsInFlightMax } = this.engine.limits;
    const countMax = Math.min(batchMax, callsInFlightMax);
    if (specs.length > countMax) throw new RangeError(`A batch has at most ${countMax} calls.`);
    // All of them before the first one starts: one that throws leaves none behind.
    const composed = specs.map(spec => this.compose(spec, options));
    const started = composed.map(call => this.start(call, options, false));
    this.engine.calls.add(started.map(({ call }) => call));
    return Promise.allSettled(started.map(({ answer }) => answer as Promise<Answer>));
  }

  /**
   * The events of a topic; a refusal is thrown where they are iterated over.
   * @throws RangeError beyond `subscriptionsMax`
   * @throws TypeError where the topic is subscribed to already
   */
  subscribe<T = unknown>(topic: string, options: SubscribeOptions = {}): Subscription<T> {
    return this.engine.subscribe(topic, options) as Subscription<T>;
  }

  /**
   * Ends everything: iterations end, calls without an answer reject. Resolves when the connections
   * have ended, within `closeTimeoutMs`.
   */
  close(): Promise<void> {
    return this.engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private send<T>(spec: CallSpec, options: CallOptions): Promise<Answer<T>> {
    const { call, answer } = this.start(this.compose(spec, options), options, false);
    this.engine.calls.add([call]);
    return answer as Promise<Answer<T>>;
  }

  private compose(spec: CallSpec, options: CallOptions): Composed {
    const { deadlineMs, idempotent, idempotencyKey } = options;
    if (deadlineMs !== undefined && !isDeadline(deadlineMs)) {
      throw new RangeError(`deadlineMs is an integer from 1 to ${DEADLINE_MAX_MS}.`);
    }
    const { message, isIdempotent } = composeCall(
      this.engine.parts.base,
      idempotencyKey === undefined ? spec : withKey(spec, idempotencyKey),
    );
    const takesEffectOnce = isIdempotent || idempotencyKey !== undefined;
    return { message, isRepeatable: idempotent ?? takesEffectOnce };
  }

  private start(
    { message, isRepeatable }: Composed,
    { deadlineMs, signal }: CallOptions,
    isNotification: boolean,
  ): Started {
    const { limits, parts } = this.engine;
    const nowMs = parts.clock.monotonicMs();
    const terms = {
      isRepeatable,
      isNotification,
      deadlineAtMs: nowMs + (deadlineMs ?? limits.deadlineMs),
      isDeadlineSent: deadlineMs !== undefined,
    };
    const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>();
    const call = new PendingCall(message, terms, {
      succeeded: result => {
        if (isNotification) resolve(undefined);
        else settleAnswer(() => readAnswer(parts.codec, result), resolve, reject);
      },
      refused: error => reject(readRefusal(parts.codec, error)),
      failed: reject,
    });
    call.watch(nowMs, signal);
    return { call, answer: promise };
  }
}

function isDeadline(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 1 && ms <= DEADLINE_MAX_MS;
}

function settleAnswer(
  read: () => Answer,
  resolve: (answer: Answer) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(read());
  } catch (error) {
    reject(error);
  }
}

/** Opens the first connection of a session; see `connect`. */
export async function openSession(
  parts: SessionParts,
  signal: AbortSignal | undefined,
): Promise<Session> {
  const engine = new SessionEngine(parts);
  await engine.start(signal);
  return new Session(engine);
}
