import type { Check, CheckOutcome } from '../../src/core/check.ts';
import type { Config } from '../../src/core/config.ts';
import { CounterSet } from '../../src/core/counters.ts';
import type { SignatureAlgorithm } from '../../src/core/snapshot.ts';
import { createCheckPool } from '../../src/data-plane/workers/index.ts';
import type { PreparedCase } from './bench-case.ts';
import { BenchCheck, forged, type SignedMessage, signedMessages } from './signed-checks.ts';

/** Checks kept outstanding: what 512 connections with one call in flight each would send. */
export const OUTSTANDING = 512;
/** At the end of a sample the pool runs dry, so a sample is many times what is outstanding. */
const SAMPLE_OPERATIONS_MIN = 8 * OUTSTANDING;

export const WORKERS: Config['workers'] = {
  count: 1,
  batchMax: 64,
  queueMax: 4_096,
  batchTimeoutMs: 5_000,
  inlineMaxMicros: 10,
  placement: 'auto',
  placements: {},
};

type Submit = (check: Check) => CheckOutcome | undefined;

/** Keeps `outstanding` checks under way: each settlement starts the next. */
export class ClosedLoop {
  private readonly submit: Submit;
  private readonly messages: readonly SignedMessage[];
  private readonly outstanding: number;
  private left = 0;
  private underWay = 0;
  private next = 0;
  private wrong = 0;
  private checksum = 0;
  private finished = Promise.withResolvers<void>();
  private readonly onOutcome = (outcome: CheckOutcome, number: number) =>
    this.settled(outcome, number);

  constructor(submit: Submit, messages: readonly SignedMessage[], outstanding: number) {
    this.submit = submit;
    this.messages = messages;
    this.outstanding = outstanding;
  }

  /**
   * Returns the sum of the numbers of the messages found valid, whatever the order.
   * @throws Error where a check is not valid
   */
  async run(iterations: number): Promise<number> {
    this.finished = Promise.withResolvers();
    this.left = iterations;
    this.wrong = 0;
    this.checksum = 0;
    while (this.left > 0 && this.underWay < this.outstanding) this.start();
    if (this.underWay > 0) await this.finished.promise;
    if (this.wrong > 0) throw new Error(`${this.wrong} checks were not valid`);
    return this.checksum;
  }

  private start(): void {
    this.left--;
    const message = this.messages[this.next++ % this.messages.length]!;
    const outcome = this.submit(new BenchCheck(message, this.onOutcome));
    if (outcome === undefined) this.underWay++;
    else this.count(outcome, message.number);
  }

  private settled(outcome: CheckOutcome, number: number): void {
    this.underWay--;
    this.count(outcome, number);
    if (this.left > 0) this.start();
    else if (this.underWay === 0) this.finished.resolve();
  }

  private count(outcome: CheckOutcome, number: number): void {
    if (outcome === 'valid') this.checksum = (this.checksum + number) | 0;
    else this.wrong++;
  }
}

/**
 * A case that submits checks of these messages.
 * @throws Error where a forged signature is not refused: then nothing is checked at all
 */
export async function prepareChecks(
  messages: readonly SignedMessage[],
  submit: Submit,
): Promise<Omit<PreparedCase, 'close'>> {
  const outcome = await outcomeOf(submit, forged(messages[0]!));
  if (outcome !== 'signature-invalid') throw new Error(`a forged signature is ${outcome}`);
  const loop = new ClosedLoop(submit, messages, OUTSTANDING);
  return { run: iterations => loop.run(iterations), sampleOperationsMin: SAMPLE_OPERATIONS_MIN };
}

function outcomeOf(submit: Submit, message: SignedMessage): Promise<CheckOutcome> {
  const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
  const outcome = submit(new BenchCheck(message, resolve));
  if (outcome !== undefined) resolve(outcome);
  return promise;
}

/** A case that sends checks through the gateway's own pool. */
export async function preparePool(
  algorithm: SignatureAlgorithm,
  placement: Config['workers']['placement'],
): Promise<PreparedCase> {
  const pool = createCheckPool({
    config: { ...WORKERS, placement },
    counters: new CounterSet(),
  });
  await pool.ready();
  const prepared = await prepareChecks(signedMessages(algorithm), check => pool.submit(check));
  return { ...prepared, close: () => pool.close() };
}
