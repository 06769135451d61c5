/**
 * The rooms of one front thread and the three pipelines through them: HTTP calls, WebSocket
 * handshakes, and the messages on sessions. All three go the way that pipeline.ts shows.
 */
import type { AnswerSigning } from '../core/answer-signing.ts';
import { normaliseAuthority } from '../core/authority.ts';
import type { AuthorizationAsk } from '../core/authorization.ts';
import { type BodyHolder, reserveAnswerBytes, reserveBodyBytes } from '../core/body-budget.ts';
import type { TraceRecorder } from '../core/call-trace.ts';
import type { CheckRunner } from '../core/check.ts';
import { systemClock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { type ConversionRunner, programEntry } from '../core/conversion.ts';
import type { CounterSet } from '../core/counters.ts';
import type { JournalState, ReplayRequest } from '../core/events.ts';
import { type Exchange, PENDING, type Step, type StepResult } from '../core/exchange.ts';
import { headSampling } from '../core/head-sampling.ts';
import type { ObservedCall } from '../core/observations.ts';
import type { AccessRecorder, ExchangeRecorder } from '../core/recorder.ts';
import { Resumptions } from '../core/resumptions.ts';
import type { AppMeters } from '../core/sessions.ts';
import type { SnapshotHolder } from '../core/snapshot.ts';
import type { NonceClaims } from '../stores/contracts.ts';
import type { IdempotencyStore } from '../stores/idempotency-contract.ts';
import type { FailureBudget, LimitStore } from '../stores/limit-contract.ts';
import { AuthorizationDoor } from './authorization/index.ts';
import { composeAdmission } from './compose-admission.ts';
import { Front } from './front/index.ts';
import { Idempotency } from './idempotency/index.ts';
import { Pipeline, type Rooms } from './pipeline.ts';
import { Policy } from './policy/index.ts';
import { CallTracer, createRecordStep, RunObserver } from './record/index.ts';
import { type AnswerSigner, Responder } from './respond/index.ts';
import { createRouteStep } from './route/index.ts';
import { Sessions } from './sessions/index.ts';
import { Transform } from './transform/index.ts';
import {
  createForwardStep,
  type ForwardOptions,
  type UpstreamDirectory,
} from './upstream/index.ts';
import { createVerifyStep, ownAuthorities, Tokens } from './verify/index.ts';
import { createPublishedStep } from './well-known/index.ts';

export interface FrontParts {
  readonly config: Config;
  readonly counters: CounterSet;
  readonly snapshots: SnapshotHolder;
  readonly checks: CheckRunner;
  readonly conversions: ConversionRunner;
  readonly nonces: NonceClaims;
  readonly limits: LimitStore;
  /** Decides at once, for this host alone. */
  readonly hostLimits: LimitStore;
  readonly failures: FailureBudget;
  readonly idempotency: IdempotencyStore;
  readonly upstreams: UpstreamDirectory;
  readonly recorder: ExchangeRecorder & AppMeters;
  readonly accessLog: AccessRecorder;
  /** Undefined where nothing is traced. */
  readonly traces: TraceRecorder | undefined;
  readonly journal: JournalState;
  readonly answerSigning: AnswerSigning | undefined;
  readonly askReplay: (ask: number, request: ReplayRequest) => void;
  readonly onEventsDelivered: (characters: number) => void;
  readonly wantTokenKeys: (issuer: string) => void;
  readonly askAuthorization: (ask: number, request: AuthorizationAsk) => void;
  readonly postObserved: (call: ObservedCall) => void;
  readonly reportBug: Rooms['reportBug'];
  /** Why a payload was not converted. */
  readonly reportConversion: (exchange: Exchange, reason: string) => void;
  readonly reportUpstreamFailure: ForwardOptions['reportFailure'];
}

export function composeFront(parts: FrontParts) {
  const { config, counters, snapshots } = parts;
  const { respondTimeoutMs } = config.limits;
  const signer = createSigner(parts);
  const responder = new Responder({ respondTimeoutMs, counters, signer });
  const { admission, blocked, gate, observed } = composeAdmission(parts);
  const { openSink } = responder;
  const front = new Front({ config, counters, snapshots, openSink, gate });
  const sessions = createSessions(parts);
  const { policy, keys } = createAgreed(parts);
  const runs = new RunObserver({ clock: systemClock, counters, post: parts.postObserved });
  const tokens = createTokens(parts);
  const transform = createTransform(parts);
  const authorization = createDoor(parts);
  const http: Rooms = {
    admit: admission.admit,
    answerPublished: createPublishedStep(parts.answerSigning?.jwks),
    readBody: front.readBody,
    verify: behindDoor(authorization, createVerify(parts, false, tokens)),
    route: createRouteStep(),
    prepareAnswer: transform.prepareAnswer,
    limit: policy.limit,
    claimKey: keys.claimKey,
    convertRequest: transform.convertRequest,
    forward: createForwardStep(parts.upstreams, {
      clock: systemClock,
      counters,
      reportFailure: parts.reportUpstreamFailure,
    }),
    writeProblem: responder.writeProblem,
    release: exchange => {
      policy.release(exchange);
      keys.release(exchange);
      admission.release(exchange);
      front.release(exchange);
      responder.release(exchange);
    },
    record: observed(createRecord(parts, runs)),
    reportBug: parts.reportBug,
  };
  const handshake: Rooms = {
    ...http,
    readBody: nothingToRead,
    // A session outlives a token: it begins with a signature.
    verify: createVerify(parts, true, undefined),
    route: sessions.checkHandshake,
    forward: sessions.openSession,
  };
  const message: Rooms = {
    ...http,
    admit: admission.admitMessage,
    answerPublished: nothingPublished,
    readBody: gatherSigned(),
    verify: createVerify(parts, false, undefined),
    writeProblem: sessions.writeProblem,
    release: exchange => {
      policy.release(exchange);
      keys.release(exchange);
      sessions.release(exchange);
    },
  };
  sessions.send(new Pipeline(message, counters));
  const calls = new Pipeline(http, counters);
  const handshakes = new Pipeline(handshake, counters);
  const served = { calls, handshakes };
  return { front, responder, sessions, runs, tokens, authorization, blocked, ...served };
}

function createSessions(parts: FrontParts): Sessions {
  const { config, counters, snapshots, recorder } = parts;
  return new Sessions({
    ...{ config, counters, snapshots, clock: systemClock },
    meters: recorder,
    journal: parts.journal,
    askReplay: parts.askReplay,
    countProblem: name => recorder.countProblem(name),
    onDelivered: parts.onEventsDelivered,
  });
}

function createTokens(parts: FrontParts): Tokens {
  const { checks, failures, nonces, snapshots, counters, config } = parts;
  const { clockSkewMs, createdMaxAgeMs } = config.signatures;
  return new Tokens({
    ...{ checks, failures, nonces, snapshots, counters, clock: systemClock },
    config: { ...config.tokens, clockSkewMs, createdMaxAgeMs },
    resumptions: new Resumptions(queueMicrotask),
    wantKeys: parts.wantTokenKeys,
  });
}

function createSigner(parts: FrontParts): AnswerSigner | undefined {
  const { config, conversions, answerSigning, reportConversion } = parts;
  if (answerSigning === undefined) return undefined;
  return {
    ...{ conversions, clock: systemClock, reportFailure: reportConversion },
    program: programEntry(answerSigning.programSource),
    always: config.answers.sign === 'always',
    bodyMaxBytes: config.answers.bodyMaxBytes,
    reserve: answerBudget(parts),
    targetUriOf,
  };
}

/** RFC 9421 section 2.2.2, as the verify room reads it too. */
function targetUriOf({ arrival }: Exchange): string {
  const { scheme, authority, path, query } = arrival;
  return `${scheme}://${normaliseAuthority(authority, scheme)}${path}${query}`;
}

function createTransform(parts: FrontParts): Transform {
  const { config, counters, conversions, reportConversion } = parts;
  const { bodyMaxBytes, bodiesBufferedMaxBytes } = config.limits;
  const withKeys = config.transform.partnerKeys.filter(({ keys }) => keys.length > 0);
  const encrypting = new Set(withKeys.map(({ partner }) => partner));
  return new Transform({
    conversions,
    hasKeyOf: partnerId => encrypting.has(partnerId),
    bodyMaxBytes,
    reserve: (exchange, bytes) => {
      const isHeld = reserveBodyBytes(exchange, bytes, counters, bodiesBufferedMaxBytes);
      if (!isHeld) counters.add('bodies_refused_memory');
      return isHeld;
    },
    reserveAnswer: answerBudget(parts),
    answerMaxBytes: config.transform.answerMaxBytes,
    reportFailure: reportConversion,
  });
}

function answerBudget({ config, counters }: FrontParts) {
  const { bodiesBufferedMaxBytes } = config.limits;
  return (holder: BodyHolder, bytes: number) =>
    reserveAnswerBytes(holder, bytes, counters, bodiesBufferedMaxBytes);
}

/** Undefined where the gateway has no authorization server. */
function createDoor({ config, nonces, askAuthorization: ask }: FrontParts) {
  const { issuer, inFlightMax } = config.authorization;
  if (issuer === undefined) return undefined;
  return new AuthorizationDoor({ ask, nonces, inFlightMax });
}

function behindDoor(door: AuthorizationDoor | undefined, verify: Step): Step {
  return door === undefined ? verify : exchange => door.serve(exchange) ?? verify(exchange);
}

/** What holds a call to what was agreed, and to being made once. */
function createAgreed(parts: FrontParts) {
  const { config, counters, limits, idempotency } = parts;
  const policy = new Policy({
    ...{ store: limits, counters, clock: systemClock },
    merchantHeader: config.policy.merchantHeader,
  });
  const keys = new Idempotency({
    ...{ store: idempotency, counters, clock: systemClock },
    answerMaxBytes: config.idempotency.answerMaxBytes,
    reserve: answerBudget(parts),
  });
  return { policy, keys };
}

function createRecord({ config, recorder, accessLog, traces }: FrontParts, runs: RunObserver) {
  const { tracing } = config.telemetry;
  const sampling = headSampling(tracing);
  const clock = systemClock;
  const tracer =
    sampling === undefined || traces === undefined
      ? undefined
      : new CallTracer({ sampling, config: tracing, clock, traces });
  return createRecordStep({ recorder, accessLog, runs, tracer, clock });
}

/** What is published is read over HTTP. */
function nothingPublished(_exchange: Exchange): StepResult {
  return undefined;
}

/** A handshake has no body. */
function nothingToRead(_exchange: Exchange): StepResult {
  return undefined;
}

/**
 * Messages with a signature of their own that come in one turn of the loop go on together, as
 * bodies do, so that their checks leave in one batch.
 */
function gatherSigned(): Step {
  const arrived = new Resumptions(setImmediate);
  return exchange => {
    if (exchange.header('signature-input') === undefined) return undefined;
    arrived.add(exchange, undefined);
    return PENDING;
  };
}

/**
 * A handshake is upgraded best while uWebSockets.js still handles it: the answer is one write then
 * and 24 later (native-notes/README.md), about 100 µs, more than most checks cost.
 */
function createVerify(
  { config, counters, snapshots, checks, nonces, failures }: FrontParts,
  prefersInline: boolean,
  tokens: Tokens | undefined,
) {
  return createVerifyStep({
    checks,
    nonces,
    failures,
    clock: systemClock,
    config: config.signatures,
    ownAuthorities: ownAuthorities(config.listener, config.listener.port),
    snapshots,
    counters,
    prefersInline,
    tokens,
  });
}
