/**
 * The limits of all hosts, counted in Redis. Claims go there in batches, and what a batch has to
 * tell besides goes with it.
 *
 * While Redis cannot be asked, this host's own store decides at once. It is charged with what Redis
 * takes as well, so that it never lets more through than a host may have alone: h hosts together at
 * most h times a limit. What it took of quotas, and what is in flight, Redis is told when it is
 * back. A batch without an answer is never sent again: it may have been charged.
 */
import { randomBytes } from 'node:crypto';
import type { CounterSet } from '../../../core/counters.ts';
import type { Limit, LimitClaim, LimitStore } from '../../limit-contract.ts';
import { TurnBatches } from '../../turn-batches.ts';
import type { RedisConnection, RedisScript, RedisUser } from '../connection.ts';
import { HostShare } from './host-share.ts';
import { LimitBatch } from './limit-batch.ts';
import { HOLDER_PREFIX, LIMIT_SCRIPT } from './limit-script.ts';
import { SpentLimits } from './spent-limits.ts';

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
  /** Monotonic. */
  readonly nowMs?: () => number;
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
  private readonly spent: SpentLimits;
  private readonly script: RedisScript;
  private readonly frontId = randomBytes(9).toString('base64url');
  private connections = 0;
  private holder = '';
  private readonly batches: TurnBatches<LimitClaim>;
  private wasQuiet = true;
  /** Claims with calls in flight, by what the host's store holds of them, if anything. */
  private readonly held = new Map<LimitClaim, LimitClaim | undefined>();
  private readonly heartbeat: NodeJS.Timeout;

  constructor(options: RedisLimitStoreOptions) {
    const { connection, host, counters, script = LIMIT_SCRIPT } = options;
    const { nowMs = () => performance.now(), wallMs = Date.now } = options;
    this.spent = new SpentLimits({ nowMs, wallMs });
    this.connection = connection;
    this.host = host;
    this.counters = counters;
    this.share = new HostShare(wallMs);
    this.script = script;
    this.batches = new TurnBatches<LimitClaim>(
      () => connection.isUp,
      (claims, waitedMs) => this.send(claims, waitedMs),
    );
    connection.use(this);
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  take(claim: LimitClaim): 'now' | 'later' {
    if (!this.connection.isUp) {
      this.decideByHost(claim, false);
      return 'now';
    }
    if (this.spent.refuse(claim)) {
      this.counters.add('limits_refused_unasked');
      return 'now';
    }
    this.batches.add(claim);
    return 'later';
  }

  release(claim: LimitClaim): void {
    if (!this.held.has(claim)) return;
    const ofHost = this.held.get(claim);
    this.held.delete(claim);
    if (ofHost !== undefined) this.host.release(ofHost);
    this.share.ended(claim.limits);
    this.batches.poke();
  }

  /** A new holder, so that nothing that a former connection may still bring about counts long. */
  attach(): Promise<void> {
    const before = this.holder === '' ? {} : { before: HOLDER_PREFIX + this.holder };
    this.connections += 1;
    this.holder = `${this.frontId}.${this.connections}`;
    const batch = new LimitBatch(HOLDER_PREFIX + this.holder);
    this.share.tellAll(batch);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ask(batch, { attach: true, ...before }, 0, () => resolve());
    return promise;
  }

  onGone(): void {
    const { sent, unsent } = this.batches.drop();
    for (const claim of sent) this.settleByHost(claim, true);
    for (const claim of unsent) this.settleByHost(claim, false);
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

  private send(claims: readonly LimitClaim[], waitedMs: number): void {
    const batch = new LimitBatch(HOLDER_PREFIX + this.holder);
    this.share.tellNews(batch);
    for (const claim of claims) batch.addClaim(claim);
    this.ask(batch, {}, waitedMs, isKnown => {
      this.settle(batch);
      this.batches.answered(claims);
      if (!isKnown) this.connection.startAnew('What Redis held of this front is gone.');
      else if (this.share.hasNews) this.batches.poke();
    });
  }

  private ask(
    batch: LimitBatch,
    about: Readonly<Record<string, unknown>>,
    waitedMs: number,
    onAnswer: (isKnown: boolean) => void,
  ): void {
    this.wasQuiet = false;
    const argument = batch.argument({
      ...{ holder: this.holder, holders: HOLDER_PREFIX },
      ...{ ttlMs: HOLDER_TTL_MS, callsTtlMs: CALLS_TTL_MS, ...about },
    });
    const { script } = this;
    const { keys } = batch;
    const items = batch.claims.length;
    this.connection.ask({ script, keys, argument, items, waitedMs }, answer =>
      onAnswer(batch.read(answer)),
    );
  }

  private settle(batch: LimitBatch): void {
    for (const claim of batch.claims) {
      if (claim.refusedBy === undefined) this.takeFromHost(claim);
      else this.spent.remember(claim);
      claim.settle();
    }
  }

  /**
   * A rate that the host's store finds used up was let in by Redis all the same, by its clock. A
   * quota that this host alone has used up stays used up, also where Redis has lost its count.
   */
  private takeFromHost(claim: LimitClaim): void {
    const ofHost = new HostClaim(claim.limits);
    this.host.take(ofHost);
    this.share.began(claim.limits, true);
    if (ofHost.refusedBy?.rule.kind === 'quota') {
      this.share.ended(claim.limits);
      const { refusedBy, waitMs, tightest, remaining, resetMs } = ofHost;
      Object.assign(claim, { refusedBy, waitMs, tightest, remaining, resetMs });
      return;
    }
    this.hold(claim, ofHost.refusedBy === undefined ? ofHost : undefined);
  }

  /** A holder that has nothing to ask is there all the same. */
  private beat(): void {
    if (this.wasQuiet) this.batches.poke();
    this.wasQuiet = true;
  }
}

function isConcurrency({ rule }: Limit): boolean {
  return rule.kind === 'concurrency';
}
