// Receives: a handshake that is verified, then messages and events on the session that it opens.
// Adds: an exchange for each call, with what its message says in the place of a request.
// May refuse: signature-missing, subprotocol-*, too-many-*, rate-limited, overloaded, malformed-*.
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import {
  type EventRecord,
  formatCursor,
  type JournalState,
  type ReplayPage,
  type ReplayRequest,
} from '../../core/events.ts';
import type { Exchange, ExchangeIntake, StepResult } from '../../core/exchange.ts';
import { headSampling } from '../../core/head-sampling.ts';
import { currentKey, refuseKey } from '../../core/key-status.ts';
import { type Problem, type ProblemName, problem, problemMembers } from '../../core/problems.ts';
import {
  type AppMeters,
  CLOSE,
  type HandshakeTransport,
  type Subprotocol,
} from '../../core/sessions.ts';
import type { SnapshotDelta, SnapshotHolder } from '../../core/snapshot.ts';
import { TraceIds } from '../../core/trace.ts';
import { AppUses } from './app-use.ts';
import { askToMove } from './ask-to-move.ts';
import type { BatchAnswer } from './batch-answer.ts';
import type { Codec } from './codec.ts';
import { type Concerned, concernedBy } from './concerned.ts';
import { EventFeed } from './event-feed.ts';
import { EventFrames } from './event-frames.ts';
import { chooseSubprotocol, refuseHandshake } from './handshake.ts';
import { JsonCodec } from './json-codec.ts';
import { MsgpackCodec } from './msgpack-codec.ts';
import { type DecodedMessage, RPC_ERROR, type RpcMessage } from './rpc.ts';
import { Session, type SessionHost } from './session.ts';
import { SessionCalls } from './session-calls.ts';
import { entitledTopic, readSubscribe } from './subscribe.ts';
import { Subscription } from './subscription.ts';

/** How often keys that expire and peers that stay behind are looked for. */
const SWEEP_INTERVAL_MS = 1_000;
/** Sessions looked at between two turns of the loop: about 0.2 ms. */
const SESSIONS_PER_TURN = 512;
/** The same where most are passed over. */
const SESSIONS_PASSED_PER_TURN = 8_192;

export interface SessionsOptions {
  readonly config: Config;
  readonly counters: CounterSet;
  readonly snapshots: SnapshotHolder;
  readonly clock: Clock;
  readonly meters: AppMeters;
  readonly journal: JournalState;
  /** Asks the main thread for a page of the journal; `takeReplay` gets it. */
  readonly askReplay: (ask: number, request: ReplayRequest) => void;
  readonly countProblem: (name: ProblemName) => void;
  /** Tells the main thread that events have been delivered: so many characters of their data. */
  readonly onDelivered: (characters: number) => void;
}

/** All sessions of one front thread. */
export class Sessions implements SessionHost {
  readonly config: Config['webSocket'];
  readonly counters: CounterSet;
  private readonly options: SessionsOptions;
  private readonly calls: SessionCalls;
  private readonly uses: AppUses;
  private readonly feed: EventFeed;
  private readonly frames: EventFrames;
  private readonly codecs: Readonly<Record<Subprotocol, Codec>>;
  private readonly open = new Set<Session>();
  private readonly sweeper: NodeJS.Timeout;
  private sweeping = false;
  private draining = false;
  /** While it is, no session is opened. */
  isMemoryShort = false;
  private stopAsking: () => void = () => undefined;

  constructor(options: SessionsOptions) {
    const { config, counters, snapshots, journal, askReplay, onDelivered } = options;
    this.options = options;
    this.config = config.webSocket;
    this.counters = counters;
    const traces = new TraceIds(headSampling(config.telemetry.tracing));
    this.calls = new SessionCalls({ config, counters, snapshots, traces });
    this.uses = new AppUses(config.webSocket, options.meters);
    this.feed = new EventFeed({ journal, askReplay, onDelivered });
    this.frames = new EventFrames(journal.journalId);
    this.codecs = {
      'xingyun.v1+json': new JsonCodec(config.webSocket.batchMax),
      'xingyun.v1+msgpack': new MsgpackCodec(config.webSocket.batchMax),
    };
    this.sweeper = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  get size(): number {
    return this.open.size;
  }

  /** Where the calls of all sessions go; before the front listens. */
  send(intake: ExchangeIntake): void {
    this.calls.feed(intake);
  }

  /** The handshake pipeline's route step. */
  readonly checkHandshake = (exchange: Exchange): StepResult => {
    const refusal = refuseHandshake(exchange);
    if (refusal !== undefined) return refusal;
    if (this.draining) return problem('overloaded', 'This front is draining: connect again.');
    if (this.isMemoryShort) return problem('overloaded', 'Memory is short: connect later.');
    if (this.uses.mayOpen(exchange.identity!.entry.app.id)) return undefined;
    const { connectionsPerAppMax } = this.config;
    return problem(
      'too-many-connections',
      `An app may have ${connectionsPerAppMax} sessions open.`,
    );
  };

  /** The handshake pipeline's last step: the connection is a session from here on. */
  readonly openSession = (exchange: Exchange): StepResult => {
    const identity = exchange.identity!;
    const { arrival } = exchange;
    const { scheme, authority, peer, clientCertificate } = arrival;
    const subprotocol = chooseSubprotocol(arrival.headers)!;
    const use = this.uses.open(identity.entry.app.id);
    const origin = { id: arrival.requestId, identity: { ...identity, viaSession: true } };
    const line = { scheme, authority, peer, clientCertificate };
    const session = new Session(this, origin, line, this.codecs[subprotocol], use);
    const transport = exchange.transport as HandshakeTransport;
    try {
      transport.upgrade(exchange, subprotocol, session);
    } catch (error) {
      if (!session.isOpen) this.uses.close(identity.entry.app.id);
      throw error;
    }
    exchange.complete();
    return undefined;
  };

  get writeProblem(): (exchange: Exchange, refusal: Problem) => void {
    return this.calls.writeProblem;
  }

  get release(): (exchange: Exchange) => void {
    return this.calls.release;
  }

  onOpen(session: Session): void {
    this.open.add(session);
    this.counters.add('websocket_sessions_open');
    this.counters.add('websocket_sessions_opened');
  }

  onClose(session: Session): void {
    this.open.delete(session);
    this.counters.add('websocket_sessions_open', -1);
    this.uses.close(session.origin.identity.entry.app.id);
    for (const subscription of session.subscriptions.values()) this.feed.remove(subscription);
    session.subscriptions.clear();
    for (const call of session.calls.snapshot()) call.abandon();
  }

  dispatch(
    session: Session,
    rpc: RpcMessage,
    message: DecodedMessage,
    batch: BatchAnswer | undefined,
  ): void {
    const { id, method, params } = rpc;
    if (id !== undefined && session.isAwaited(id)) {
      const taken = problem('malformed-request', '"id" is that of a call in flight.');
      return session.refuse(id, RPC_ERROR.invalidRequest, taken, batch);
    }
    if (SessionCalls.isCall(method)) return this.calls.start(session, rpc, message, batch);
    switch (method) {
      case 'cancel':
        this.calls.cancel(session, params.id);
        return session.result(id, {}, batch);
      case 'subscribe':
        return this.subscribe(session, rpc, batch);
      case 'unsubscribe':
        return this.unsubscribe(session, rpc, batch);
    }
    const unknown = problem('not-found', 'No method has this name, and no operation this id.');
    session.refuse(id, RPC_ERROR.methodNotFound, unknown, batch);
  }

  encodeEvent(codec: Codec, event: EventRecord): Uint8Array {
    return this.frames.encode(codec, event);
  }

  countProblem(name: ProblemName): void {
    this.options.countProblem(name);
  }

  cursorAt(sequence: number): string {
    return formatCursor(this.feed.journalId, sequence);
  }

  catchUp(subscription: Subscription): void {
    this.feed.catchUp(subscription);
  }

  endSubscription(session: Session, subscription: Subscription): void {
    const ended = problem('call-cancelled', 'The subscription was ended before it began.');
    session.refuseOpening(subscription, ended);
    session.subscriptions.delete(subscription.topic.id);
    this.feed.remove(subscription);
  }

  takeEvents(events: readonly EventRecord[]): void {
    this.feed.take(events);
  }

  missEvents(head: number): void {
    this.feed.miss(head);
  }

  takeReplay(ask: number, page: ReplayPage): void {
    this.feed.takeReplay(ask, page);
  }

  /** After a swap: each session loses what it lost. `delta` is what changed, where not all did. */
  async revise(delta?: SnapshotDelta): Promise<void> {
    const concerned = concernedBy(delta);
    if (concerned === undefined) return;
    const perTurn = concerned.all ? SESSIONS_PER_TURN : SESSIONS_PASSED_PER_TURN;
    await this.visitAll(session => this.reviseSession(session, concerned), perTurn);
  }

  /**
   * Asks every peer to move, one after another within `overMs`; no session is opened from now on.
   * Again where there is less time.
   */
  goAway(deadlineMs: number, overMs: number): void {
    this.draining = true;
    this.stopAsking();
    this.stopAsking = askToMove([...this.open], deadlineMs, overMs);
  }

  /** Sessions may be opened again, and those that have not moved stay. */
  comeBack(): void {
    this.draining = false;
    this.stopAsking();
  }

  /** Ends what has not moved. */
  closeAll(): void {
    clearInterval(this.sweeper);
    this.stopAsking();
    for (const session of [...this.open]) session.end(CLOSE.goingAway, 'goaway');
  }

  private subscribe(session: Session, rpc: RpcMessage, batch: BatchAnswer | undefined): void {
    const { id } = rpc;
    const read = readSubscribe(rpc);
    if ('detail' in read) return session.refuse(id, RPC_ERROR.invalidParams, read, batch);
    const started = this.startSubscription(session, read.topicId, read.after);
    if ('detail' in started) return session.refuse(id, RPC_ERROR.refused, started, batch);
    session.answerLater(started, { id, batch });
    // Before its answer, which may close the session and with it all that it has.
    this.feed.add(started);
    if (started.state === 'live') session.onReplay(started);
  }

  private startSubscription(
    session: Session,
    topicId: string,
    after: { readonly journalId: string; readonly sequence: number } | undefined,
  ): Subscription | Problem {
    const { entry } = session.origin.identity;
    const topic = entitledTopic(this.options.snapshots.current, entry.app.id, topicId);
    if ('detail' in topic) return topic;
    const before = session.subscriptions.get(topicId);
    if (before === undefined && session.subscriptions.size >= this.config.subscriptionsMax) {
      const { subscriptionsMax } = this.config;
      return problem('too-many-subscriptions', `A session may have ${subscriptionsMax} topics.`);
    }
    if (after !== undefined && after.journalId !== this.feed.journalId) {
      return problem('cursor-expired', 'The cursor is of another journal.');
    }
    if (before !== undefined) this.endSubscription(session, before);
    if (!session.isOpen) return problem('slow-consumer', 'The session has been closed.');
    const from = after?.sequence ?? this.feed.head;
    const state = after === undefined ? 'live' : 'replaying';
    const subscription = new Subscription(topic, entry.partner.id, session, from, state);
    session.subscriptions.set(topicId, subscription);
    return subscription;
  }

  private unsubscribe(session: Session, rpc: RpcMessage, batch: BatchAnswer | undefined): void {
    const { topic } = rpc.params;
    const subscription = session.subscriptions.get(topic as string);
    if (subscription === undefined) {
      const refusal = problem('not-found', 'The session has no subscription to this topic.');
      return session.refuse(rpc.id, RPC_ERROR.refused, refusal, batch);
    }
    this.endSubscription(session, subscription);
    session.result(rpc.id, { topic: subscription.topic.id }, batch);
  }

  /** Closes a session whose key or app is not good any more. */
  private refuseSession(session: Session): boolean {
    const { entry } = session.origin.identity;
    const current = currentKey(this.options.snapshots.current.keys, entry);
    const refusal =
      current === undefined
        ? problem('key-unknown', 'The key of the session was withdrawn.')
        : refuseKey(current, this.options.clock.wallMs());
    if (refusal === undefined) return false;
    this.counters.add('websocket_sessions_revoked');
    session.end(CLOSE.policyViolation, refusal.name);
    return true;
  }

  private reviseSession(session: Session, { all, keyIds, appIds }: Concerned): void {
    const { key, app } = session.origin.identity.entry;
    if (!all && !keyIds.has(key.id) && !appIds.has(app.id)) return;
    if (this.refuseSession(session)) return;
    for (const subscription of [...session.subscriptions.values()]) {
      this.reviseSubscription(session, subscription);
    }
  }

  private reviseSubscription(session: Session, subscription: Subscription): void {
    const { id } = subscription.topic;
    const { app } = session.origin.identity.entry;
    const topic = entitledTopic(this.options.snapshots.current, app.id, id);
    const refusal = 'detail' in topic ? topic : undefined;
    if (refusal === undefined && !isChanged(topic as Subscription['topic'], subscription)) return;
    this.endSubscription(session, subscription);
    const lost = refusal ?? problem('not-found', 'The topic has become another one.');
    session.notify('subscriptionEnded', { topic: id, problem: problemMembers(lost) });
  }

  private sweep(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    const nowMs = performance.now();
    const limitMs = nowMs - this.config.slowConsumerTimeoutMs;
    this.uses.forget(nowMs);
    void this.visitAll(session => {
      if (!this.refuseSession(session)) session.closeStalled(limitMs);
    }).finally(() => {
      this.sweeping = false;
    });
  }

  /** In slices, so that calls go on in between. */
  private async visitAll(
    visit: (session: Session) => void,
    perTurn = SESSIONS_PER_TURN,
  ): Promise<void> {
    let count = 0;
    for (const session of this.open) {
      try {
        visit(session);
      } catch (error) {
        // A bug of ours: it surfaces as an uncaught error, and the others are looked at.
        queueMicrotask(() => {
          throw error;
        });
      }
      count++;
      if (count % perTurn === 0) await nextLoopTurn();
    }
  }
}

function isChanged(topic: Subscription['topic'], { topic: before }: Subscription): boolean {
  return topic.audience !== before.audience || topic.apiId !== before.apiId;
}
