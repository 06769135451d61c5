/** Claims that are decided together: what the script is told of them, and what it answers. */
import type { Limit, LimitClaim, LimitRule } from '../../limit-contract.ts';
import { ANSWER_NUMBERS, CALLS, DAY, KEY_PREFIXES, MONTH, QUOTA, RATE } from './limit-script.ts';

const SECOND_NS = 1e9;

export type QuotaWindow = Extract<LimitRule, { kind: 'quota' }>['window'];

/** ARGV[1] of the script, but for the holder. */
interface LimitMessage {
  readonly limits: (readonly number[])[];
  readonly claims: (readonly number[])[];
  readonly moved: (readonly [key: number, calls: number])[];
  readonly owed: (readonly [key: number, window: number, calls: number])[];
}

export class LimitBatch {
  /** KEYS of the script. */
  readonly keys: string[];
  readonly claims: LimitClaim[] = [];
  private readonly message: LimitMessage = { limits: [], claims: [], moved: [], owed: [] };
  private readonly keyIndexes = new Map<string, number>();
  private readonly limitIndexes = new Map<Limit, number>();

  constructor(holderKey: string) {
    this.keys = [holderKey];
  }

  /** Those of many last, as they are charged by every driver. */
  addClaim(claim: LimitClaim): void {
    this.claims.push(claim);
    const indexes: number[] = [];
    for (const limit of claim.limits) if (!limit.isOneOfMany) indexes.push(this.limitIndex(limit));
    for (const limit of claim.limits) if (limit.isOneOfMany) indexes.push(this.limitIndex(limit));
    this.message.claims.push(indexes);
  }

  /** Calls in flight that began or ended without a claim in Redis. */
  addMoved(key: string, calls: number): void {
    this.message.moved.push([this.keyIndex(KEY_PREFIXES.concurrency + key), calls]);
  }

  /** Calls of a quota that Redis has not counted. */
  addOwed(key: string, window: QuotaWindow, calls: number): void {
    const index = this.keyIndex(KEY_PREFIXES.quota + key);
    this.message.owed.push([index, numberOf(window), calls]);
  }

  argument(about: Readonly<Record<string, unknown>>): string {
    return JSON.stringify({ ...this.message, ...about });
  }

  /** Sets the fields of each claim. Returns whether Redis still knew the holder. */
  read(answer: string): boolean {
    const numbers = JSON.parse(answer) as number[];
    if (numbers.length !== 1 + this.claims.length * ANSWER_NUMBERS) {
      throw new Error('Redis answers for another number of claims than it was asked.');
    }
    let at = 1;
    for (const claim of this.claims) {
      claim.refusedBy = limitAt(claim, numbers[at]!);
      claim.waitMs = numbers[at + 1]!;
      claim.tightest = limitAt(claim, numbers[at + 2]!);
      claim.remaining = numbers[at + 3]!;
      claim.resetMs = numbers[at + 4]!;
      at += ANSWER_NUMBERS;
    }
    return numbers[0] === 1;
  }

  /** From 1; the first key is the holder's. */
  private keyIndex(key: string): number {
    const known = this.keyIndexes.get(key);
    if (known !== undefined) return known;
    const index = this.keys.push(key);
    this.keyIndexes.set(key, index);
    return index;
  }

  private limitIndex(limit: Limit): number {
    const known = this.limitIndexes.get(limit);
    if (known !== undefined) return known;
    const key = this.keyIndex(KEY_PREFIXES[limit.rule.kind] + limit.key);
    const index = this.message.limits.push([key, ...numbersOf(limit.rule)]);
    this.limitIndexes.set(limit, index);
    return index;
  }
}

function numbersOf(rule: LimitRule): readonly number[] {
  switch (rule.kind) {
    case 'rate':
      // Rounded up, so that it is never too fast.
      return [RATE, Math.ceil(SECOND_NS / rule.perSecond), rule.burst];
    case 'concurrency':
      return [CALLS, rule.max, 0];
    case 'quota':
      return [QUOTA, numberOf(rule.window), rule.max];
  }
}

function numberOf(window: QuotaWindow): number {
  return window === 'day' ? DAY : MONTH;
}

/** Place 0 is none; those of many stand behind the others, whatever their place in the claim. */
function limitAt({ limits }: LimitClaim, place: number): Limit | undefined {
  if (place === 0) return undefined;
  let left = place;
  for (const limit of limits) if (!limit.isOneOfMany && --left === 0) return limit;
  for (const limit of limits) if (limit.isOneOfMany && --left === 0) return limit;
  throw new Error('Redis names a limit that the claim does not have.');
}
