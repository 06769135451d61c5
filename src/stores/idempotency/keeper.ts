/**
 * The store's side: what fronts ask is put into one transaction after the other, each with all that
 * has come while the one before was written (group commit), and answered when it is durable.
 */
import type { MessagePort } from 'node:worker_threads';
import {
  type ClaimOutcome,
  DIGEST_BYTES,
  type DriverBatch,
  type FoundClaim,
  type IdempotencyDriver,
} from '../idempotency-contract.ts';
import type { FromStore, ToStore, WireAnswer } from './messages.ts';

/** Messages in one transaction: what is written at once bounds how long the rest waits. */
const MESSAGES_MAX = 64;
/** How often old keys are looked for while nothing is asked. */
const IDLE_FORGET_MS = 1_000;
const NOTHING: ToStore = {
  ...{ asks: [], digests: new Uint8Array(0), keeps: [] },
  ...{ releases: [], losses: [] },
};
const UNAVAILABLE: ClaimOutcome = { kind: 'unavailable', isFull: false };
const FULL: ClaimOutcome = { kind: 'unavailable', isFull: true };
const IN_FLIGHT: ClaimOutcome = { kind: 'in-flight' };
const UNKNOWN: ClaimOutcome = { kind: 'unknown' };

export interface KeeperOptions {
  readonly driver: IdempotencyDriver;
  /** The first failure after it worked, and undefined when it works again. */
  readonly onState: (error: unknown) => void;
}

/** A front and its calls that are in flight. */
interface FrontPort {
  readonly port: MessagePort;
  readonly open: Set<number>;
}

interface Received {
  readonly front: FrontPort;
  readonly message: ToStore;
}

export class IdempotencyKeeper {
  private readonly options: KeeperOptions;
  private readonly fronts = new Set<FrontPort>();
  private received: Received[] = [];
  private isRunning = false;
  private hasFailed = false;
  private isClosing = false;
  private readonly forgetter: NodeJS.Timeout;

  constructor(options: KeeperOptions) {
    this.options = options;
    this.forgetter = setInterval(() => this.wake(), IDLE_FORGET_MS);
  }

  addFront(port: MessagePort): void {
    const front: FrontPort = { port, open: new Set() };
    this.fronts.add(front);
    port.on('message', (message: ToStore) => {
      this.received.push({ front, message });
      this.wake();
    });
    // Its thread has ended: what it had in flight has no outcome that will be told.
    port.on('close', () => {
      this.fronts.delete(front);
      const message = { ...NOTHING, losses: [...front.open] };
      if (message.losses.length > 0) this.received.push({ front, message });
      this.wake();
    });
  }

  async close(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.forgetter);
    for (const { port } of this.fronts) port.close();
    while (this.isRunning) await turn();
    await this.options.driver.close();
  }

  private wake(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    void this.run();
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    let hasOld = true;
    while (this.received.length > 0 || (hasOld && !this.isClosing)) {
      // Ports hand on what has come in a turn of the loop.
      await turn();
      const taken = this.received.splice(0, MESSAGES_MAX);
      if (taken.length > 0) await this.write(taken);
      hasOld = await this.forget();
    }
    this.isRunning = false;
  }

  private async write(taken: readonly Received[]): Promise<void> {
    let found: readonly FoundClaim[] | undefined;
    try {
      found = await this.options.driver.run(batchOf(taken));
      this.report(undefined);
    } catch (error) {
      this.report(error);
    }
    let at = 0;
    for (const { front, message } of taken) {
      const count = message.asks.length;
      this.answer(front, message, found?.slice(at, at + count));
      at += count;
    }
  }

  private async forget(): Promise<boolean> {
    if (this.hasFailed) return false;
    try {
      return await this.options.driver.forget();
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  private answer(
    front: FrontPort,
    { asks, keeps, releases, losses }: ToStore,
    found: readonly FoundClaim[] | undefined,
  ): void {
    for (const { claim } of keeps) front.open.delete(claim);
    for (const claim of releases) front.open.delete(claim);
    for (const claim of losses) front.open.delete(claim);
    const outcomes = asks.map((_, i) => this.outcomeOf(front, found?.[i]));
    if (asks.length + keeps.length === 0) return;
    const written = keeps.map(({ ask }) => ask);
    const isDone = found !== undefined;
    const message: FromStore = {
      ...{ asks, outcomes },
      kept: isDone ? written : [],
      unkept: isDone ? [] : written,
    };
    front.port.postMessage(message);
  }

  private outcomeOf(front: FrontPort, found: FoundClaim | undefined): ClaimOutcome {
    if (found === undefined) return UNAVAILABLE;
    switch (found.kind) {
      case 'granted':
        front.open.add(found.claim);
        return found;
      case 'unanswered':
        return this.isInFlight(found) ? IN_FLIGHT : UNKNOWN;
      case 'full':
        return FULL;
      default:
        return found;
    }
  }

  private isInFlight({ by, claim }: Extract<FoundClaim, { kind: 'unanswered' }>): boolean {
    if (by === 'other') return true;
    if (by === 'gone') return false;
    for (const { open } of this.fronts) if (open.has(claim)) return true;
    return false;
  }

  private report(error: unknown): void {
    const hasFailed = error !== undefined;
    if (hasFailed === this.hasFailed) return;
    this.hasFailed = hasFailed;
    this.options.onState(error);
  }
}

function batchOf(taken: readonly Received[]): DriverBatch {
  const claims: { key: Uint8Array; call: Uint8Array }[] = [];
  const keeps: WireAnswer[] = [];
  const releases: number[] = [];
  const losses: number[] = [];
  for (const { message } of taken) {
    const { asks, digests } = message;
    for (let i = 0; i < asks.length; i++) {
      const at = i * 2 * DIGEST_BYTES;
      const key = digests.subarray(at, at + DIGEST_BYTES);
      claims.push({ key, call: digests.subarray(at + DIGEST_BYTES, at + 2 * DIGEST_BYTES) });
    }
    keeps.push(...message.keeps);
    releases.push(...message.releases);
    losses.push(...message.losses);
  }
  return { claims, keeps, releases, losses };
}

function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}
