/** Calls through the real pipeline and the real forward step, to an upstream that a test plays. */
import { CounterSet } from '../../../src/core/counters.ts';
import { Exchange, PENDING, type StepResult } from '../../../src/core/exchange.ts';
import { type Problem, problem } from '../../../src/core/problems.ts';
import { Pipeline } from '../../../src/data-plane/pipeline.ts';
import { Call, type CallHost } from '../../../src/data-plane/sessions/call.ts';
import {
  createForwardStep,
  type UpstreamDirectory,
} from '../../../src/data-plane/upstream/index.ts';
import { anArrival, identified } from '../../support/exchanges.ts';

type Target = Extract<ReturnType<UpstreamDirectory['choose']>, { client: unknown }>;
type Handler = Parameters<Target['client']['request']>[3];
export type FailureKind = Parameters<Handler['onError']>[0];
export type Said = { readonly status: number; readonly body: string } | { readonly code: string };

export const ANSWER_MAX_BYTES = 100;

/** What the upstream has been asked for, and whether it may still answer. */
export interface Asked {
  readonly handler: Handler;
  cancelled: boolean;
}

export interface WorldOptions {
  /** What verify says at once; PENDING waits for `verified`. */
  readonly verify?: StepResult;
  readonly route?: StepResult;
  /** Whether there is memory for what an answer brings. */
  readonly hasRoom?: boolean;
  /** How often the request was handed to a connection: 0 while it waits for one. */
  readonly attempts?: number;
}

export class CallWorld {
  /** What the caller was told of each call, in its order. */
  readonly said: Said[] = [];
  readonly recorded: Exchange[] = [];
  readonly bugs: unknown[] = [];
  readonly counters = new CounterSet();
  asked: Asked | undefined;
  releases = 0;
  private readonly pipeline: Pipeline;
  private readonly host: CallHost;
  private readonly hasRoom: boolean;
  private readonly attempts: number;

  constructor({ verify, route, hasRoom = true, attempts = 1 }: WorldOptions = {}) {
    this.hasRoom = hasRoom;
    this.attempts = attempts;
    this.pipeline = new Pipeline(
      {
        admit: () => undefined,
        answerPublished: () => undefined,
        readBody: () => undefined,
        verify: () => verify,
        route: exchange => {
          identified(exchange);
          return route;
        },
        prepareAnswer: () => undefined,
        limit: () => undefined,
        claimKey: () => undefined,
        convertRequest: () => undefined,
        forward: createForwardStep(this.directory(), {
          clock: { wallMs: () => 0, monotonicMs: () => 0 },
          counters: this.counters,
          reportFailure: () => undefined,
        }),
        writeProblem: (exchange, refusal) => (exchange.transport as Call).refuse(exchange, refusal),
        release: exchange => {
          this.releases++;
          (exchange.transport as Call).release();
        },
        record: exchange => this.recorded.push(exchange),
        reportBug: error => this.bugs.push(error),
      },
      this.counters,
    );
    this.host = this.createHost();
  }

  start(method = 'GET', deadlineMs?: number, refusal?: Problem): Call {
    const call = new Call(this.host, 'id', undefined, deadlineMs);
    const exchange = new Exchange(anArrival({ method }), call, this.pipeline);
    call.start(exchange, refusal);
    return call;
  }

  /** Verify has its outcome, after it waited. */
  verified(call: Call, refusal?: Problem): void {
    call.exchange!.resume(refusal);
  }

  head(status = 200, headers: readonly string[] = []): void {
    this.handler?.onHead(status, headers, undefined, true);
  }

  body(text: string): void {
    this.handler?.onBody(Buffer.from(text));
  }

  end(text?: string): void {
    this.handler?.onEnd(text === undefined ? undefined : Buffer.from(text));
  }

  fail(kind: FailureKind): void {
    this.handler?.onError(kind, 'what only the log may know');
  }

  /** The only record, once there is one. */
  get record() {
    const [exchange, ...more] = this.recorded;
    if (exchange === undefined || more.length > 0) return this.recorded.length;
    return { status: exchange.status, code: exchange.refusal?.name, aborted: exchange.aborted };
  }

  get inFlight(): number {
    return this.counters.get('exchanges_in_flight');
  }

  /** Nobody is there any more where the request was cancelled. */
  private get handler(): Handler | undefined {
    return this.asked?.cancelled === false ? this.asked.handler : undefined;
  }

  private directory(): UpstreamDirectory {
    const request = (_method: string, _head: string, _body: Uint8Array, handler: Handler) => {
      const asked: Asked = { handler, cancelled: false };
      this.asked = asked;
      const cancel = () => {
        asked.cancelled = true;
      };
      const { attempts } = this;
      return { cancel, resume: () => undefined, attempts, waitMs: 0, sentMs: 1 };
    };
    const target = { client: { request }, host: 'bank', callsInFlight: 0 };
    const directory = { choose: () => target, settle: () => undefined };
    return directory as unknown as UpstreamDirectory;
  }

  private createHost(): CallHost {
    return {
      intake: this.pipeline,
      answerMaxBytes: ANSWER_MAX_BYTES,
      answer: (_call, { status, body }) => {
        this.said.push({ status, body: Buffer.from(body).toString() });
      },
      refuse: (_call, _code, refusal) => this.said.push({ code: refusal.name }),
      reserve: () => this.hasRoom,
    };
  }
}

export const cancelled = () => problem('call-cancelled', 'The caller cancelled the call.');
export { PENDING };
