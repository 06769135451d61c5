/** Carries out what messages ask for: calls through the pipeline, cancellations, subscriptions. */
import { releaseBodyBytes, reserveBodyBytes } from '../../core/body-budget.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import { type Arrival, EMPTY_BODY, Exchange, type ExchangeIntake } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { SnapshotHolder } from '../../core/snapshot.ts';
import type { TraceIds } from '../../core/trace.ts';
import type { BatchAnswer } from './batch-answer.ts';
import { Call, type CallHost } from './call.ts';
import type { Answer } from './codec.ts';
import { CALL_METHOD, type CallRequest, isCallFault, readCall } from './read-call.ts';
import { type DecodedMessage, RPC_ERROR, type RpcId, type RpcMessage } from './rpc.ts';
import type { Session } from './session.ts';

export interface SessionCallsOptions {
  readonly config: Config;
  readonly counters: CounterSet;
  readonly snapshots: SnapshotHolder;
  readonly traces: TraceIds;
}

/** A call knows its session, so that one host serves all of them. */
class SessionCall extends Call {
  readonly session: Session;

  constructor(
    host: CallHost,
    session: Session,
    id: RpcId | undefined,
    batch: BatchAnswer | undefined,
    deadlineMs: number | undefined,
  ) {
    super(host, id, batch, deadlineMs);
    this.session = session;
  }
}

export class SessionCalls implements CallHost {
  readonly answerMaxBytes: number;
  private readonly options: SessionCallsOptions;
  private pipeline: ExchangeIntake | undefined;

  constructor(options: SessionCallsOptions) {
    this.options = options;
    this.answerMaxBytes = options.config.webSocket.answerMaxBytes;
  }

  get intake(): ExchangeIntake {
    return this.pipeline!;
  }

  /** The pipeline of messages; before any session is open. */
  feed(intake: ExchangeIntake): void {
    this.pipeline = intake;
  }

  static isCall(method: string): boolean {
    return method === CALL_METHOD || method.includes('.');
  }

  start(
    session: Session,
    rpc: RpcMessage,
    message: DecodedMessage,
    batch: BatchAnswer | undefined,
  ): void {
    const { id } = rpc;
    const busy = this.refuseBusy(session, id);
    if (busy !== undefined) return session.refuse(id, RPC_ERROR.refused, busy, batch);
    const arrivedMs = performance.now();
    const request = readCall(this.options.snapshots.current, rpc, message);
    if (isCallFault(request)) {
      const refusal = problem(request.problem, request.detail);
      return session.refuse(id, request.code, refusal, batch);
    }
    const call = new SessionCall(this, session, id, batch, request.deadlineMs);
    const exchange = new Exchange(this.arrival(session, request, arrivedMs), call, this.intake);
    session.calls.add(call);
    call.start(exchange, this.takeBody(exchange, request.body));
  }

  cancel(session: Session, id: unknown): void {
    const call = session.calls.unanswered(id as RpcId);
    call?.giveUp(problem('call-cancelled', 'The caller cancelled the call.'));
  }

  answer(call: Call, answer: Answer): void {
    (call as SessionCall).session.answer(call, answer);
  }

  refuse(call: Call, code: typeof RPC_ERROR.refused, refusal: Problem): void {
    const { session } = call as SessionCall;
    call.isAnswered = true;
    session.refuse(call.id, code, refusal, call.batch, call.exchange!.arrival.requestId);
  }

  /** The pipeline's writer of problems. */
  readonly writeProblem = (exchange: Exchange, refusal: Problem): void => {
    (exchange.transport as SessionCall).refuse(exchange, refusal);
  };

  /** Gives back what the exchange holds, whichever way it ended. */
  readonly release = (exchange: Exchange): void => {
    const call = exchange.transport as SessionCall;
    call.release();
    call.session.calls.delete(call);
    releaseBodyBytes(exchange, this.options.counters);
    exchange.body = EMPTY_BODY;
  };

  reserve(exchange: Exchange, bytes: number): boolean {
    const { config, counters } = this.options;
    return reserveBodyBytes(exchange, bytes, counters, config.limits.bodiesBufferedMaxBytes);
  }

  private refuseBusy(session: Session, id: RpcId | undefined): Problem | undefined {
    const { messagesInFlightMax } = this.options.config.webSocket;
    if (session.isFull) {
      return problem('too-many-in-flight', 'Read the answers that wait before asking for more.');
    }
    if (session.calls.size < messagesInFlightMax) return undefined;
    const kind = id === undefined ? 'notifications' : 'calls';
    return problem(
      'too-many-in-flight',
      `A session may have ${messagesInFlightMax} ${kind} in flight.`,
    );
  }

  private takeBody(exchange: Exchange, body: Uint8Array | undefined): Problem | undefined {
    if (body === undefined) return undefined;
    if (!this.reserve(exchange, body.length)) {
      return problem('overloaded', 'Too many request bodies are in memory.');
    }
    exchange.body = body;
    exchange.bodyBytes = body.length;
    return undefined;
  }

  private arrival(session: Session, request: CallRequest, arrivedMs: number): Arrival {
    const { traces, snapshots } = this.options;
    const { method, path, query, headers } = request;
    const { scheme, authority, peer, clientCertificate } = session.line;
    let requestId = '';
    let traceparent = '';
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] === 'x-request-id') requestId = headers[i + 1]!;
      else if (headers[i] === 'traceparent') traceparent = headers[i + 1]!;
    }
    return {
      requestId: traces.requestId(requestId),
      traceparent: traces.traceparent(traceparent),
      method,
      path,
      query,
      scheme,
      authority,
      headers,
      peer,
      clientCertificate,
      arrivedMs,
      snapshot: snapshots.current,
      session: session.origin,
    };
  }
}
