import type { Check, CheckOutcome } from '../../src/core/check.ts';
import type { Config } from '../../src/core/config.ts';
import { CounterSet } from '../../src/core/counters.ts';
import { createCheckPool } from '../../src/data-plane/workers/index.ts';
import type { PreparedCase } from './bench-case.ts';
import { BenchCheck, type SignedMessage, signedMessages } from './signed-checks.ts';

/** Checks kept outstanding: what 512 connections with one call in flight each would send. */
export const OUTSTANDING = 512;

export const WORKERS: Config['workers'] = {
  count: 1,
  batchMax: 64,
  queueMax: 4_096,
  batchTimeoutMs: 5_000,
  inlineMaxMicros: 10,
  placement: 'auto',
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
  private finished = Promise.withResolvers<void>();
  private readonly onOutcome = (outcome: CheckOutcome) => this.settled(outcome);

  constructor(submit: Submit, messages: readonly SignedMessage[], outstanding: number) {
    this.submit = submit;
    this.messages = messages;
    this.outstanding = outstanding;
  }

  async run(iterations: number): Promise<void> {
    this.finished = Promise.withResolvers();
    this.left = iterations;
    this.wrong = 0;
    while (this.left > 0 && this.underWay < this.outstanding) this.start();
    if (this.underWay > 0) await this.finished.promise;
    if (this.wrong > 0) throw new Error(`${this.wrong} checks were not valid`);
  }

  private start(): void {
    this.left--;
    const message = this.messages[this.next++ % this.messages.length]!;
    const outcome = this.submit(new BenchCheck(message, this.onOutcome));
    if (outcome === undefined) this.underWay++;
    else if (outcome !== 'valid') this.wrong++;
  }

  private settled(outcome: CheckOutcome): void {
    this.underWay--;
    if (outcome !== 'valid') this.wrong++;
    if (this.left > 0) this.start();
    else if (this.underWay === 0) this.finished.resolve();
  }
}

/** A case that sends checks through the gateway's own pool. */
export async function preparePool(
  algorithm: 'rsa-v1_5-sha256' | 'hmac-sha256',
  placement: Config['workers']['placement'],
): Promise<PreparedCase> {
  const pool = createCheckPool({
    config: { ...WORKERS, placement },
    counters: new CounterSet(),
  });
  await pool.ready();
  const loop = new ClosedLoop(check => pool.submit(check), signedMessages(algorithm), OUTSTANDING);
  return { run: iterations => loop.run(iterations), close: () => pool.close() };
}
