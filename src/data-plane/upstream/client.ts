/**
 * The gateway's HTTP/1.1 client for one target of an upstream: a bounded pool of kept connections,
 * a bounded queue in front of it, and one repeat where a kept connection turns out to be dead.
 */
import { setImmediate } from 'node:timers';
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { UpstreamRecord, UpstreamTarget } from '../../core/upstream-record.ts';
import {
  Call,
  type CallHolder,
  type UpstreamErrorKind,
  type UpstreamHandler,
  type UpstreamRequest,
} from './call.ts';
import { CallQueue } from './call-queue.ts';
import { Connection, type ConnectionOwner, type Loss } from './connection.ts';
import { Connector } from './connector.ts';
import { type Deadlined, type DeadlineTimer, deadlineTimer } from './deadline-timer.ts';

export type { UpstreamErrorKind, UpstreamHandler, UpstreamRequest } from './call.ts';

export interface UpstreamStats {
  /** Connections being opened or open. */
  readonly connections: number;
  readonly idle: number;
  readonly queued: number;
  readonly inFlight: number;
}

const NOT_LATIN1 = /[^\0-\xff]/;

export class UpstreamClient implements ConnectionOwner, CallHolder, Deadlined {
  readonly record: UpstreamRecord;
  readonly counters: CounterSet;
  readonly clock: Clock;
  private readonly connector: Connector;
  private readonly timer: DeadlineTimer;
  private readonly queue = new CallQueue();
  private readonly connections = new Set<Connection>();
  /** Unused ones, the latest used last: it is the least likely to be closed by the upstream. */
  private readonly idle: Connection[] = [];
  private connecting = 0;
  /** Sockets whose handle is not closed yet. */
  private handles = 0;
  private unflushed: Connection[] = [];
  private closing = false;
  private destroyed = false;
  private closed: (() => void)[] = [];

  /** Throws where the record's PEM cannot be used. */
  constructor(record: UpstreamRecord, target: UpstreamTarget, counters: CounterSet, clock: Clock) {
    this.record = record;
    this.counters = counters;
    this.clock = clock;
    this.connector = new Connector(target, record.tls);
    this.timer = deadlineTimer(clock);
  }

  /**
   * Sends a request. `head` is the whole head in latin1, from the request line to the empty line,
   * Host and Content-Length included; its fields must hold no CR or LF of a caller's. `body` is
   * whole and must not change until the request has ended. Neither is checked here, except that
   * a head with a character above U+00FF is a RangeError: cut to a byte, U+010A would be a line
   * feed.
   *
   * Waits at most connectTimeoutMs for a connection.
   */
  request(
    method: string,
    head: string,
    body: Uint8Array,
    handler: UpstreamHandler,
  ): UpstreamRequest {
    // 20 ns whatever the length: V8 sees that a one-byte string cannot match.
    if (NOT_LATIN1.test(head)) throw new RangeError('a request head must be latin1');
    const nowMs = this.clock.monotonicMs();
    const call = new Call(method, head, body, handler, this, nowMs);
    if (this.closing) {
      process.nextTick(failCall, call, 'unreachable', 'the client is closed');
      return call;
    }
    const connection = this.idle.pop() ?? this.shared(call);
    if (connection !== undefined) connection.send(call, nowMs);
    else this.enqueue(call, nowMs);
    return call;
  }

  stats(): UpstreamStats {
    let inFlight = 0;
    for (const connection of this.connections) inFlight += connection.inFlight;
    return {
      connections: this.connections.size,
      idle: this.idle.length,
      queued: this.queue.length,
      inFlight,
    };
  }

  /**
   * Takes no more requests, lets those that it has end, and resolves when every handle is closed.
   */
  close(): Promise<void> {
    this.closing = true;
    while (this.idle.length > 0) this.idle[this.idle.length - 1]!.close();
    return new Promise(resolve => {
      this.closed.push(resolve);
      this.settleClose();
    });
  }

  /** Like close, but ends what is waiting and in flight with `unreachable` and `protocol`. */
  destroy(): Promise<void> {
    const done = this.close();
    this.failQueue('unreachable', 'the client is closed');
    this.destroyed = true;
    for (const connection of this.connections) connection.close('protocol', 'the client is closed');
    return done;
  }

  checkDeadlines(nowMs: number): void {
    for (const connection of this.connections) connection.checkDeadline(nowMs);
    const limitMs = nowMs - this.record.connectTimeoutMs;
    for (
      let call = this.queue.peek();
      call !== undefined && call.queuedMs <= limitMs;
      call = this.queue.peek()
    ) {
      this.dequeue(call);
      this.counters.add('upstream_queue_refused');
      call.fail('saturated', 'no connection became free within connectTimeoutMs');
    }
    this.settleClose();
  }

  cancelCall(call: Call): void {
    // A refused call that was never queued has no place in it.
    if (call.queued) this.dequeue(call);
    this.settleClose();
  }

  resumeCall(): void {
    // A waiting request has no body to go on with.
  }

  onConnected(connection: Connection): void {
    this.connecting--;
    this.serve(connection);
  }

  onFree(connection: Connection): void {
    this.serve(connection);
  }

  onLost(connection: Connection, loss: Loss, calls: readonly Call[]): void {
    this.connections.delete(connection);
    this.counters.add('upstream_connections_open', -1);
    const place = this.idle.indexOf(connection);
    if (place >= 0) this.idle.splice(place, 1);
    if (loss.firstFails && loss.kind === 'protocol') this.counters.add('upstream_protocol_errors');
    if (loss.whileConnecting) {
      this.connecting--;
      this.onConnectFailed(loss);
    } else {
      for (let i = calls.length - 1; i >= 0; i--) {
        this.settleLost(calls[i]!, loss, i === 0 && loss.firstFails);
      }
      this.openForQueue();
    }
  }

  onClosed(): void {
    this.handles--;
    this.settleClose();
  }

  flushLater(connection: Connection): void {
    if (this.unflushed.push(connection) === 1) setImmediate(flushAll, this);
  }

  /** Writes what this turn of the loop has gathered. */
  flush(): void {
    const connections = this.unflushed;
    this.unflushed = [];
    for (const connection of connections) connection.flush();
  }

  /** The busy connection with the fewest requests that the call may join, once all are open. */
  private shared(call: Call): Connection | undefined {
    if (this.record.pipeliningMax === 1 || !call.pipelinable) return undefined;
    if (this.connections.size < this.record.connectionsMax || this.queue.length > 0) {
      return undefined;
    }
    let best: Connection | undefined;
    for (const connection of this.connections) {
      if (!connection.canTake(call)) continue;
      if (best === undefined || connection.inFlight < best.inFlight) best = connection;
    }
    return best;
  }

  private enqueue(call: Call, nowMs: number): void {
    const canOpen = this.connections.size < this.record.connectionsMax;
    // A request for which a connection is being opened does not count against queueMax.
    if (!canOpen && this.queue.length - this.connecting >= this.record.queueMax) {
      this.counters.add('upstream_queue_refused');
      process.nextTick(failCall, call, 'saturated', 'queueMax requests are waiting');
      return;
    }
    call.queued = true;
    call.queuedMs = nowMs;
    this.queue.push(call);
    this.counters.add('upstream_requests_queued');
    this.timer.watch(this);
    this.openForQueue();
  }

  private dequeue(call: Call): void {
    this.queue.remove(call);
    call.queued = false;
    this.counters.add('upstream_requests_queued', -1);
  }

  private openForQueue(): void {
    while (
      this.connecting < this.queue.length &&
      this.connections.size < this.record.connectionsMax
    ) {
      this.connecting++;
      this.handles++;
      this.counters.add('upstream_connections_open');
      this.connections.add(new Connection(this, this.connector, this.clock.monotonicMs()));
    }
  }

  private serve(connection: Connection): void {
    if (this.queue.length > 0) this.serveQueue(connection);
    if (!connection.isOpen || connection.inFlight > 0) return;
    if (this.closing) connection.close();
    else if (connection.rest()) this.idle.push(connection);
  }

  private serveQueue(connection: Connection): void {
    const nowMs = this.clock.monotonicMs();
    for (
      let call = this.queue.peek();
      call !== undefined && connection.canTake(call);
      call = this.queue.peek()
    ) {
      this.dequeue(call);
      connection.send(call, nowMs);
    }
  }

  /**
   * An attempt failed. While other connections work, the queue waits for those and nothing is
   * opened until the next request asks: an upstream that refuses must not be asked in a tight loop.
   */
  private onConnectFailed(loss: Loss): void {
    if (this.connections.size > this.connecting) {
      while (this.queue.length > 0 && this.idle.length > 0) this.serve(this.idle.pop()!);
      return;
    }
    if (this.connecting === 0) {
      this.failQueue(loss.kind, loss.detail);
      return;
    }
    const call = this.queue.peek();
    if (call === undefined) return;
    this.dequeue(call);
    call.fail(loss.kind, loss.detail);
  }

  private failQueue(kind: UpstreamErrorKind, detail: string): void {
    // A handler may send another request at once: only those that wait now are failed.
    for (let left = this.queue.length; left > 0; left--) {
      const call = this.queue.peek();
      if (call === undefined) return;
      this.dequeue(call);
      call.fail(kind, detail);
    }
  }

  private settleLost(call: Call, loss: Loss, atFault: boolean): void {
    if (call.ended) return;
    if (atFault && call.written) {
      call.fail(loss.kind, loss.detail);
    } else if (
      !this.destroyed &&
      !call.retried &&
      (!call.written || (call.idempotent && call.onReused))
    ) {
      this.retry(call);
    } else if (call.everWritten) {
      this.counters.add('upstream_protocol_errors');
      call.fail('protocol', loss.detail);
    } else {
      call.fail('unreachable', loss.detail);
    }
  }

  /** RFC 9110 section 9.2.2. The queue's limit does not apply: the call was admitted before. */
  private retry(call: Call): void {
    call.retried = true;
    call.holder = this;
    call.queued = true;
    call.queuedMs = this.clock.monotonicMs();
    this.counters.add('upstream_retries');
    this.counters.add('upstream_requests_queued');
    this.queue.unshift(call);
    // What closed one kept connection has often closed the others: the oldest makes room.
    if (this.connections.size >= this.record.connectionsMax) this.idle[0]?.close();
  }

  private settleClose(): void {
    if (this.handles > 0 || this.queue.length > 0) return;
    this.timer.unwatch(this);
    if (!this.closing) return;
    for (const resolve of this.closed.splice(0)) resolve();
  }
}

function failCall(call: Call, kind: UpstreamErrorKind, detail: string): void {
  call.fail(kind, detail);
}

function flushAll(client: UpstreamClient): void {
  client.flush();
}
