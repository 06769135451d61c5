/**
 * What is left to those whose signatures fail, in the sketch: a pair of source and key id has the
 * budget, and a source with all its key ids SOURCE_SHARE of them. So a key id that fails leaves
 * others behind the same address alone, and making up key ids does not pay. Which pairs have
 * verified is in the sketch as well: a pair is proven while its arrival time lies ahead.
 */
import { sourceNetwork } from '../../../core/source-network.ts';
import type { FailureBudget } from '../../limit-contract.ts';
import { createHostClock } from '../host-clock.ts';
import { hashes, hashKey } from './key-hash.ts';
import type { LimitShared } from './limit-layout.ts';
import { LimitSketch } from './limit-sketch.ts';
import type { Found, RateRule } from './rate-counter.ts';

/** Budgets of one key id that a source has for all of them. */
const SOURCE_SHARE = 4;
const SECONDS_PER_MINUTE = 60;
/** A pair stays proven for one to two of it after it has verified last. */
const PROVEN_SECONDS = 1_800;
const PROVING: RateRule = { perSecond: 1 / PROVEN_SECONDS, burst: 2 };
const PROVEN: RateRule = { perSecond: 1 / PROVEN_SECONDS, burst: 1 };

export interface FailureTerms {
  /** 0: nobody is refused. */
  readonly failuresPerMinuteMax: number;
  readonly failuresBurstMax: number;
}

export class SharedFailureBudget implements FailureBudget {
  private readonly isOff: boolean;
  private readonly ofPair: RateRule;
  private readonly ofSource: RateRule;
  private readonly sketch: LimitSketch;
  private readonly nowMs: () => number;
  private readonly found: Found = { remaining: 0, waitMs: 0, resetMs: 0 };

  constructor(
    shared: LimitShared,
    front: number,
    { failuresPerMinuteMax, failuresBurstMax }: FailureTerms,
    nowMs = createHostClock(),
  ) {
    this.isOff = failuresPerMinuteMax === 0;
    const perSecond = failuresPerMinuteMax / SECONDS_PER_MINUTE;
    this.ofPair = { perSecond, burst: failuresBurstMax };
    this.ofSource = { perSecond: perSecond * SOURCE_SHARE, burst: failuresBurstMax * SOURCE_SHARE };
    this.sketch = new LimitSketch(shared.sketch, shared.sketchLocks, front + 1);
    this.nowMs = nowMs;
  }

  waitMs(source: string, keyId: string): number {
    if (this.isOff) return 0;
    const nowMs = this.nowMs();
    const network = sourceNetwork(source);
    const ofPair = this.waitOf(pairKey(network, keyId), this.ofPair, nowMs);
    if (ofPair > 0) return ofPair;
    const ofSource = this.waitOf(sourceKey(network), this.ofSource, nowMs);
    if (ofSource === 0) return 0;
    return this.waitOf(provenKey(network, keyId), PROVEN, nowMs) > 0 ? 0 : ofSource;
  }

  charge(source: string, keyId: string): void {
    if (this.isOff) return;
    const nowMs = this.nowMs();
    const network = sourceNetwork(source);
    this.chargeOne(pairKey(network, keyId), this.ofPair, nowMs);
    this.chargeOne(sourceKey(network), this.ofSource, nowMs);
  }

  prove(source: string, keyId: string): void {
    if (this.isOff) return;
    const nowMs = this.nowMs();
    const key = provenKey(sourceNetwork(source), keyId);
    // Most of the time it is known, and nothing is written.
    if (this.waitOf(key, PROVING, nowMs) === 0) this.chargeOne(key, PROVING, nowMs);
  }

  private waitOf(key: string, rule: RateRule, nowMs: number): number {
    hashKey(key);
    return this.sketch.waitMs(hashes[0]!, hashes[1]!, rule, nowMs);
  }

  private chargeOne(key: string, rule: RateRule, nowMs: number): void {
    hashKey(key);
    this.sketch.charge(hashes[0]!, hashes[1]!, rule, nowMs, this.found);
  }
}

function sourceKey(network: string): string {
  return `failures ${network}`;
}

function pairKey(network: string, keyId: string): string {
  return `failures ${network} ${keyId}`;
}

function provenKey(network: string, keyId: string): string {
  return `proven ${network} ${keyId}`;
}
