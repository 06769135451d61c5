/** Joins a session's connections, calls and subscriptions. */
import type { Clock } from '../../core/clock.ts';
import type { MessageSigner } from '../signature-base.ts';
import { targetUri } from '../target-uri.ts';
import { readRefusal } from './answer.ts';
import { CallSender } from './call-sender.ts';
import type { Codec } from './codec.ts';
import type { SessionEvent } from './event-buffer.ts';
import {
  noCounts,
  type ReconnectOptions,
  type SessionCounters,
  type SessionLimits,
} from './limits.ts';
import type { GatewayNotification, Link, LinkOwner } from './link.ts';
import { type KeeperOwner, LinkKeeper, type SessionChange } from './link-keeper.ts';
import { PendingCall } from './pending-call.ts';
import { SessionError } from './session-error.ts';
import type { OpenSocket, SocketClose } from './socket.ts';
import {
  type AskOutcome,
  type SubscribeOptions,
  Subscription,
  type SubscriptionHost,
  type TopicParams,
} from './subscription.ts';
import { TopicLeaving } from './topic-leaving.ts';

/** What a session is made of. */
export interface SessionParts {
  readonly base: URL;
  /** Of the handshake, below the base. */
  readonly path: string;
  readonly codec: Codec;
  readonly signer: MessageSigner;
  readonly openSocket: OpenSocket;
  readonly limits: SessionLimits;
  readonly reconnect: ReconnectOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onChange: ((change: SessionChange) => void) | undefined;
}

export class SessionEngine implements LinkOwner, KeeperOwner, SubscriptionHost {
  readonly parts: SessionParts;
  readonly limits: SessionLimits;
  readonly reconnect: ReconnectOptions;
  readonly random: () => number;
  readonly counters: SessionCounters = noCounts();
  readonly calls: CallSender;
  /** Resolves when it is over: with nothing after `close`, else with why. */
  readonly ended: Promise<Error | undefined>;
  private readonly keeper: LinkKeeper;
  private readonly leaving: TopicLeaving;
  private readonly subscriptions = new Map<string, Subscription>();
  /** Connections that have not ended: the current one, and those that only wait for answers. */
  private readonly links = new Set<Link>();
  private isOver = false;
  private tellEnded!: (error: Error | undefined) => void;
  private onLastLink: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.limits = parts.limits;
    this.reconnect = parts.reconnect;
    this.random = parts.random;
    this.ended = new Promise(resolve => {
      this.tellEnded = resolve;
    });
    const handshakeUri = targetUri(parts.base, parts.path);
    const socketUrl = handshakeUri.replace(/^http/, 'ws');
    const { codec, limits } = parts;
    this.keeper = new LinkKeeper(
      { ...parts, socketUrl, handshakeUri },
      { codec, limits, counters: this.counters, owner: this },
      this,
    );
    this.leaving = new TopicLeaving({
      reconnect: parts.reconnect,
      random: parts.random,
      ask: (topic, outcome) => this.askGateway('unsubscribe', { topic }, outcome),
    });
    this.calls = new CallSender(parts, this.counters, () => this.keeper.current);
  }

  /** Opens the first connection. Rejects with the signal's reason where it is aborted before. */
  async start(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const onAbort = () => this.keeper.close();
    signal?.addEventListener('abort', onAbort);
    try {
      await this.keeper.start();
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  subscribe(topic: string, options: SubscribeOptions): Subscription {
    if (this.subscriptions.has(topic)) throw new TypeError(`${topic} is subscribed to already.`);
    if (this.subscriptions.size >= this.limits.subscriptionsMax) {
      throw new RangeError(`A session has at most ${this.limits.subscriptionsMax} subscriptions.`);
    }
    const subscription = new Subscription(this, topic, options);
    if (this.isOver) {
      subscription.end(closedError());
      return subscription;
    }
    this.subscriptions.set(topic, subscription);
    if (this.keeper.current !== undefined) subscription.attach(this.keeper.current);
    return subscription;
  }

  /** Resolves when the connections have ended, however often it is called. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  ask(params: TopicParams, outcome: AskOutcome): () => void {
    this.leaving.stop(params.topic);
    return this.askGateway('subscribe', params, outcome);
  }

  leave(topic: string): void {
    this.leaving.leave(topic);
  }

  forget(subscription: Subscription): void {
    const { topic } = subscription;
    if (this.subscriptions.get(topic) === subscription) this.subscriptions.delete(topic);
  }

  onCurrent(link: Link): void {
    this.links.add(link);
    this.leaving.stopAll();
    for (const subscription of this.subscriptions.values()) subscription.attach(link);
    this.closeIdleLinks();
    this.calls.pump();
  }

  onLost(): void {
    this.leaving.stopAll();
    for (const subscription of this.subscriptions.values()) subscription.detach();
  }

  onGivenUp(error: Error): void {
    this.finish(error);
  }

  /** Later, so that what it throws is not thrown here. */
  onChange(change: SessionChange): void {
    const { onChange } = this.parts;
    if (onChange !== undefined) queueMicrotask(() => onChange(change));
  }

  onRoom(link: Link): void {
    if (link === this.keeper.current) this.calls.pump();
    else this.closeIdleLinks();
  }

  onNotification(link: Link, { method, params }: GatewayNotification, bytes: number): void {
    if (method === 'event') this.takeEvent(link, params, bytes);
    else if (method === 'goaway') this.keeper.move(link);
    else if (method === 'subscriptionEnded') {
      this.subscriptions.get(String(params.topic))?.onEnded(link, params.problem);
    }
  }

  onEnded(link: Link, close: SocketClose, cut: readonly PendingCall[]): void {
    this.links.delete(link);
    this.keeper.onEnded(link, close);
    this.calls.takeBack(cut, close);
    this.calls.pump();
    if (this.links.size === 0) this.onLastLink?.();
  }

  private askGateway(
    method: 'subscribe' | 'unsubscribe',
    { ...params }: TopicParams,
    { told, failed }: AskOutcome,
  ): () => void {
    let isWithdrawn = false;
    const unless = (tell: (value: unknown) => void) => (value: unknown) => {
      if (!isWithdrawn) tell(value);
    };
    const nowMs = this.parts.clock.monotonicMs();
    const call = new PendingCall(
      { method, params, body: undefined, signed: undefined },
      {
        isRepeatable: false,
        isNotification: false,
        deadlineAtMs: nowMs + this.limits.deadlineMs,
        isDeadlineSent: false,
      },
      {
        succeeded: unless(told),
        refused: error => unless(failed)(readRefusal(this.parts.codec, error)),
        failed: unless(failed),
      },
    );
    call.watch(nowMs, undefined);
    this.calls.addFirst([call]);
    return () => {
      isWithdrawn = true;
      call.fail(undefined);
    };
  }

  private takeEvent(link: Link, params: GatewayNotification['params'], bytes: number): void {
    const { topic, cursor, id, time, data } = params;
    const subscription = this.subscriptions.get(String(topic));
    if (subscription === undefined) return;
    const event: SessionEvent = {
      topic: subscription.topic,
      cursor: String(cursor),
      id: String(id),
      time: String(time),
      ...this.parts.codec.readEventData(data),
    };
    subscription.accept(link, event, bytes);
  }

  private async end(): Promise<void> {
    this.keeper.close();
    this.finish(undefined);
    if (this.links.size === 0) return;
    await new Promise<void>(resolve => {
      this.onLastLink = resolve;
    });
  }

  /** Connections that were left, and have brought all their answers. */
  private closeIdleLinks(): void {
    for (const link of this.links) {
      if (link !== this.keeper.current && link.isIdle) link.close();
    }
  }

  /** Ends what waits; connections end by themselves, with what is in flight on them. */
  private finish(error: Error | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    const why = error ?? closedError();
    for (const subscription of [...this.subscriptions.values()]) subscription.end(error);
    this.leaving.stopAll();
    const links = [...this.links];
    this.calls.end(
      why,
      links.flatMap(link => link.takeCalls()),
    );
    for (const link of links) link.close();
    this.tellEnded(error);
    this.onChange({ kind: 'ended', error });
  }
}

export function closedError(): SessionError {
  return new SessionError('session-closed', 'The session was closed.');
}
