/**
 * The limits of all hosts, counted in Redis. Claims that come in one turn of the loop, and while an
 * answer is awaited, go there as one batch: a front has one round trip under way, whatever comes.
 *
 * While Redis cannot be asked, this host's own store decides at once. It is charged with what Redis
 * takes as well, so that it never lets more through than a host may have alone: h hosts together at
 * most h times a limit. What it took of quotas, and what is in flight, Redis is told when it is
 * back. A batch without an answer is never sent again: it may have been charged.
 */
import { randomBytes } from 'node:crypto';
import type { CounterSet } from '../../../core/counters.ts';
import type { Limit, LimitClaim, LimitStore } from '../../limit-contract.ts';
import type { RedisConnection, RedisScript, RedisUser } from '../connection.ts';
import { HostShare } from './host-share.ts';
import { LimitBatch } from './limit-batch.ts';
import { HOLDER_PREFIX, LIMIT_SCRIPT } from './limit-script.ts';

/** More are split, so that no run of the script keeps the server from others for long. */
const CLAIMS_MAX = 256;
/** How long the calls of a front that is gone count against others. */
const HOLDER_TTL_MS = 10_000;
const HEARTBEAT_MS = 3_000;
/** Calls in flight are forgotten where nothing was claimed or released for as long. */
const CALLS_TTL_MS = 86_400_000;

export interface RedisLimitStoreOptions {
  readonly connection: RedisConnection;
  /** This host's own: decides while Redis does not, and always at once. */
  readonly host: LimitStore;
  readonly counters: Pick<CounterSet, 'add'>;
  readonly wallMs?: () => number;
  /** Tests give theirs, with a clock that they move. */
  readonly script?: RedisScript;
}

/** The same call as the host's own store is charged with it. */
class HostClaim implements LimitClaim {
  readonly limits: readonly Limit[];
  refusedBy: Limit | undefined = undefined;
  waitMs = 0;
  tightest: Limit | undefined = undefined;
  remaining = 0;
  resetMs = 0;

  constructor(limits: readonly Limit[]) {
    this.limits = limits;
  }

  settle(): void {}
}

export class RedisLimitStore implements LimitStore, RedisUser {
  private readonly connection: RedisConnection;
  private readonly host: LimitStore;
  private readonly counters: Pick<CounterSet, 'add'>;
  private readonly share: HostShare;
  private readonly script: RedisScript;
  private readonly frontId = randomBytes(9).toString('base64url');
  private connections = 0;
  private holder = '';
  private waiting: LimitClaim[] = [];
  private waitingSinceMs = 0;
  /** The batches under way, sent as one. */
  private readonly asked = new Set<LimitBatch>();
  private isScheduled = false;
  private wasQuiet = true;
  /** Claims with calls in flight, by what the host's store holds of them, if anything. */
  private readonly held = new Map<LimitClaim, LimitClaim | undefined>();
  private readonly heartbeat: NodeJS.Timeout;

  constructor(options: RedisLimitStoreOptions) {
    const { connection, host, counters, wallMs = Date.now, script = LIMIT_SCRIPT } = options;
    this.connection = connection;
    this.host = host;
    this.counters = counters;
    this.share = new HostShare(wallMs);
    this.script = script;
    connection.use(this);
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  take(claim: LimitClaim): 'now' | 'later' {
    if (!this.connection.isUp) {
      this.decideByHost(claim, false);
      return 'now';
    }
    if (this.waiting.push(claim) === 1) this.waitingSinceMs = performance.now();
    this.schedule();
    return 'later';
  }

  release(claim: LimitClaim): void {
    if (!this.held.has(claim)) return;
    const ofHost = this.held.get(claim);
    this.held.delete(claim);
    if (ofHost !== undefined) this.host.release(ofHost);
    this.share.ended(claim.limits);
    this.schedule();
  }

  /** A new holder, so that nothing that a former connection may still bring about counts long. */
  attach(): Promise<void> {
    const before = this.holder === '' ? {} : { before: HOLDER_PREFIX + this.holder };
    this.connections += 1;
    this.holder = `${this.frontId}.${this.connections}`;
    const batch = new LimitBatch(HOLDER_PREFIX + this.holder, performance.now());
    this.share.tellAll(batch);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ask(batch, { attach: true, ...before }, () => resolve());
    return promise;
  }

  onGone(): void {
    const asked = [...this.asked].flatMap(({ claims }) => claims);
    const { waiting } = this;
    this.asked.clear();
    this.waiting = [];
    for (const claim of asked) this.settleByHost(claim, true);
    for (const claim of waiting) this.settleByHost(claim, false);
  }

  close(): void {
    clearInterval(this.heartbeat);
  }

  /** Once: what Redis was asked is not told it again, for it may have counted it. */
  private decideByHost(claim: LimitClaim, wasAsked: boolean): void {
    this.host.take(claim);
    this.counters.add('limits_decided_by_host');
    if (claim.refusedBy !== undefined) return;
    this.share.began(claim.limits, wasAsked);
    this.hold(claim, claim);
  }

  private settleByHost(claim: LimitClaim, wasAsked: boolean): void {
    this.decideByHost(claim, wasAsked);
    claim.settle();
  }

  private hold(claim: LimitClaim, ofHost: LimitClaim | undefined): void {
    if (claim.limits.some(isConcurrency)) this.held.set(claim, ofHost);
  }

  /** At the end of this turn, unless an answer is awaited: then with what has come until then. */
  private schedule(): void {
    if (this.isScheduled || this.asked.size > 0 || !this.connection.isUp) return;
    this.isScheduled = true;
    setImmediate(this.flush);
  }

  private readonly flush = (): void => {
    this.isScheduled = false;
    if (this.asked.size > 0 || !this.connection.isUp) return;
    const claims = this.waiting;
    this.waiting = [];
    const startedMs = claims.length > 0 ? this.waitingSinceMs : performance.now();
    for (let from = 0; from === 0 || from < claims.length; from += CLAIMS_MAX) {
      const batch = new LimitBatch(HOLDER_PREFIX + this.holder, startedMs);
      if (from === 0) this.share.tellNews(batch);
      for (const claim of claims.slice(from, from + CLAIMS_MAX)) batch.addClaim(claim);
      this.ask(batch, {}, isKnown => this.settle(batch, isKnown));
    }
  };

  private ask(
    batch: LimitBatch,
    about: Readonly<Record<string, unknown>>,
    onAnswer: (isKnown: boolean) => void,
  ): void {
    this.asked.add(batch);
    this.wasQuiet = false;
    const argument = batch.argument({
      ...{ holder: this.holder, holders: HOLDER_PREFIX },
      ...{ ttlMs: HOLDER_TTL_MS, callsTtlMs: CALLS_TTL_MS, ...about },
    });
    const waitedMs = performance.now() - batch.startedMs;
    const items = batch.claims.length;
    const { script } = this;
    const { keys } = batch;
    this.connection.ask({ script, keys, argument, items, waitedMs }, answer => {
      const isKnown = batch.read(answer);
      this.asked.delete(batch);
      onAnswer(isKnown);
    });
  }

  private settle(batch: LimitBatch, isKnown: boolean): void {
    for (const claim of batch.claims) {
      if (claim.refusedBy === undefined) this.takeFromHost(claim);
      claim.settle();
    }
    if (!isKnown) {
      this.connection.startAnew('What Redis held of this front is gone: it was emptied or slow.');
    } else if (this.waiting.length > 0 || this.share.hasNews) this.schedule();
  }

  /** What the host's store refuses was let in by Redis all the same: others count there as well. */
  private takeFromHost(claim: LimitClaim): void {
    const ofHost = new HostClaim(claim.limits);
    this.host.take(ofHost);
    this.share.began(claim.limits, true);
    this.hold(claim, ofHost.refusedBy === undefined ? ofHost : undefined);
  }

  /** A holder that has nothing to ask is there all the same. */
  private beat(): void {
    if (this.wasQuiet) this.schedule();
    this.wasQuiet = true;
  }
}

function isConcurrency({ rule }: Limit): boolean {
  return rule.kind === 'concurrency';
}
