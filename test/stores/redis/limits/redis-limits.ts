/** Limits of one front of one host over a real Redis, with a clock that the test moves. */
import { CounterSet } from '../../../../src/core/counters.ts';
import type { Limit, LimitClaim } from '../../../../src/stores/limit-contract.ts';
import {
  RedisConnection,
  type RedisQuestion,
  redisScript,
} from '../../../../src/stores/redis/connection.ts';
import { LIMIT_SCRIPT } from '../../../../src/stores/redis/limits/limit-script.ts';
import { RedisLimitStore } from '../../../../src/stores/redis/limits/redis-limit-store.ts';
import { createLimitShared, SharedLimitStore } from '../../../../src/stores/shared-memory/index.ts';
import type { RedisServer } from '../../../support/redis.ts';
import { aClaim, type LimitClocks } from '../../limit-store-suite.ts';

/** Beyond it a busy machine would have the host decide. */
const PATIENT_MS = 10_000;
const CELLS = 1_024;
const SKETCH = 65_536;

function replaced(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`the script has no ${part}`);
  return text.replaceAll(part, by);
}

/** The script with the test's time. Redis forgets by its own, which must not come first. */
const SCRIPT = redisScript(
  replaced(
    replaced(LIMIT_SCRIPT.text, "redis.call('TIME')", 'input.time'),
    'math.ceil(ahead[key] / 1e6)',
    'math.ceil(ahead[key] / 1e6) * 10000',
  ),
);

/** Tells each script what time the test has. */
class TimedConnection extends RedisConnection {
  clocks: LimitClocks | undefined;
  startMs = 0;

  override ask(question: RedisQuestion, onAnswer: (answer: string) => void): void {
    const { nowMs, wallMs } = this.clocks!;
    const ms = wallMs + nowMs - this.startMs;
    const time = [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1_000)];
    const argument = question.argument.replace('{', `{"time":${JSON.stringify(time)},`);
    super.ask({ ...question, argument }, onAnswer);
  }
}

/** One front of a host. Without `clocks` it has the time of Redis. */
export class RedisLimits {
  readonly counters = new CounterSet();
  readonly reports: (string | undefined)[] = [];
  readonly connection: RedisConnection;
  readonly store: RedisLimitStore;
  readonly host: SharedLimitStore;

  constructor(server: RedisServer, clocks?: LimitClocks, timeoutMs = PATIENT_MS) {
    const { counters } = this;
    const options = {
      ...{ urlFile: server.urlFile, timeoutMs, counters },
      report: (reason: string | undefined) => void this.reports.push(reason),
    };
    const times = clocks && { nowMs: () => clocks.nowMs, wallMs: () => clocks.wallMs };
    const view = { front: 0, counters, ...times };
    this.host = new SharedLimitStore(createLimitShared(1, CELLS, SKETCH), view);
    const { host } = this;
    if (clocks === undefined) {
      this.connection = new RedisConnection(options);
      this.store = new RedisLimitStore({ connection: this.connection, host, counters });
    } else {
      const connection = new TimedConnection(options);
      connection.clocks = clocks;
      connection.startMs = clocks.nowMs;
      this.connection = connection;
      const parts = { connection, host, counters };
      this.store = new RedisLimitStore({ ...parts, ...times, script: SCRIPT });
    }
  }

  async claim(...limits: Limit[]): Promise<LimitClaim> {
    const claim = aClaim(...limits);
    const { promise, resolve } = Promise.withResolvers<void>();
    claim.settle = resolve;
    if (this.store.take(claim) === 'later') await promise;
    return claim;
  }

  async takes(...limits: Limit[]): Promise<boolean> {
    return (await this.claim(...limits)).refusedBy === undefined;
  }

  /** How many of so many that come in one turn are taken. */
  async takesOf(calls: number, ...limits: Limit[]): Promise<number> {
    const taken = await Promise.all(Array.from({ length: calls }, () => this.takes(...limits)));
    return taken.filter(Boolean).length;
  }

  close(): void {
    this.store.close();
    this.connection.close();
  }
}
