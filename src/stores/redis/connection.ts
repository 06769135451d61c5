/**
 * The connection of one front thread to Redis, shared by all that ask it. Scripts alone are run:
 * each answers, or the connection is given up and everybody who waits is told, so that nobody waits
 * longer than one and a half `timeoutMs` and nothing is sent twice.
 *
 * The client library reconnects by itself and keeps commands that were not written yet; a call is
 * decided long before that helps. So each connection is a new client without its queue, and coming
 * back is done here, with pauses that double and are spread at random.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createClient } from '@redis/client';
import type { CounterSet } from '../../core/counters.ts';
import { readRedisUrl } from './redis-address.ts';

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 2_000;
/** Pauses are as long as they get long before. */
const FAILURES_MAX = 16;
/** From the first packet to the last answer of those who attach. */
const CONNECT_MAX_MS = 2_000;
/** Of timeoutMs: a batch that has waited, for another or in a pause of this thread, has as much. */
const ROUND_TRIP_MIN_SHARE = 0.5;
/** A connection that lasted as long was a good one: the next pause is a short one again. */
const STEADY_MS = 5_000;

export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

/** A script as EVALSHA names it. */
export function redisScript(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** What Redis says of itself on a new connection. */
export interface RedisServer {
  /** Another one after each start of the server. */
  readonly runId: string;
  /** Whether it forgets keys before their time where its memory is used up. */
  readonly evicts: boolean;
}

/** Somebody who asks over the connection. */
export interface RedisUser {
  /**
   * The first that is asked on a new connection; it counts as there when all have resolved.
   * Rejecting gives it up.
   */
  attach(server: RedisServer): Promise<void>;
  /** What was asked and is not answered will not be. Nothing can be asked until the next attach. */
  onGone(): void;
}

export interface RedisConnectionOptions {
  /** File with the URL, read for each connection. */
  readonly urlFile: string;
  /** Longest wait for an answer. */
  readonly timeoutMs: number;
  readonly counters: Pick<CounterSet, 'add' | 'set'>;
  /** Once for each change: why Redis cannot be asked, or undefined where it can again. */
  readonly report: (reason: string | undefined) => void;
}

export interface RedisQuestion {
  readonly script: RedisScript;
  readonly keys: readonly string[];
  readonly argument: string;
  /** Calls and nonces that it decides, for the metrics. */
  readonly items: number;
  /** How much of `timeoutMs` is over already. */
  readonly waitedMs: number;
}

type Client = ReturnType<typeof createClient>;

/** One client, and what is called when it is given up. */
interface Attempt {
  readonly client: Client;
  readonly endWait: () => void;
}

export class RedisConnection {
  /** Whether it can be asked now. */
  isUp = false;
  private readonly options: RedisConnectionOptions;
  private readonly users: RedisUser[] = [];
  private current: Attempt | undefined;
  private pause: NodeJS.Timeout | undefined;
  private failures = 0;
  private upSinceMs = 0;
  private isReportedUp = true;
  private isClosed = false;

  constructor(options: RedisConnectionOptions) {
    this.options = options;
  }

  /** Before `start`. */
  use(user: RedisUser): void {
    this.users.push(user);
  }

  /** Resolves when the first attempt has ended, with a connection or without. */
  start(): Promise<void> {
    return this.connect();
  }

  /**
   * Runs a script. `onAnswer` is called with what it returns, or every user's `onGone`: one of
   * them, once. Only between `attach` and `onGone`.
   */
  ask(question: RedisQuestion, onAnswer: (answer: string) => void): void {
    const { current } = this;
    if (current === undefined) throw new Error('Redis was asked on a connection that is gone.');
    const { counters } = this.options;
    counters.add('redis_round_trips');
    counters.add('redis_batch_items', question.items);
    const stopTimer = this.isUp ? this.startTimer(current, question.waitedMs) : () => undefined;
    run(current.client, question).then(
      answer => {
        stopTimer();
        if (this.current === current) onAnswer(answer);
      },
      error => {
        stopTimer();
        this.giveUp(current, reasonOf(error));
      },
    );
  }

  /**
   * Gives the connection up when it is over; those who attach have CONNECT_MAX_MS. After a pause of
   * this thread timers come before what has arrived meanwhile: that is read first.
   */
  private startTimer(attempt: Attempt, waitedMs: number): () => void {
    let isStopped = false;
    const giveUp = () => {
      if (!isStopped) this.giveUpLate(attempt);
    };
    const { timeoutMs } = this.options;
    const leftMs = Math.max(timeoutMs * ROUND_TRIP_MIN_SHARE, timeoutMs - waitedMs);
    const timer = setTimeout(() => setImmediate(giveUp), leftMs);
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  }

  /** Somebody has seen that what Redis holds is not what it was: everybody attaches anew. */
  startAnew(reason: string): void {
    this.giveUp(this.current, reason);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.pause);
    this.giveUp(this.current, 'The front thread ends.');
  }

  /** Never rejects: what fails is tried again. */
  private async connect(): Promise<void> {
    const { promise: givenUp, resolve: endWait } = Promise.withResolvers<void>();
    let attempt: Attempt;
    try {
      attempt = { client: this.createClient(), endWait };
    } catch (error) {
      this.fail(reasonOf(error));
      return;
    }
    this.current = attempt;
    attempt.client.on('error', error => this.giveUp(attempt, reasonOf(error)));
    const late = `No connection within ${CONNECT_MAX_MS} ms.`;
    const timer = setTimeout(() => this.giveUp(attempt, late), CONNECT_MAX_MS);
    await Promise.race([givenUp, this.open(attempt)]);
    clearTimeout(timer);
  }

  private async open(attempt: Attempt): Promise<void> {
    const { client } = attempt;
    try {
      await client.connect();
      const server = serverOf(await client.info());
      if (this.current !== attempt) return;
      await Promise.all(this.users.map(user => user.attach(server)));
      if (this.current === attempt) this.comeUp();
    } catch (error) {
      this.giveUp(attempt, reasonOf(error));
    }
  }

  private createClient(): Client {
    const address = readRedisUrl(readFileSync(this.options.urlFile, 'utf8'));
    const { host, port, isTls, username, password, database } = address;
    return createClient({
      socket: {
        ...{ host, port, connectTimeout: CONNECT_MAX_MS, reconnectStrategy: false as const },
        ...(isTls && { tls: true as const }),
      },
      ...{ database, disableOfflineQueue: true, maintNotifications: 'disabled' as const },
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    }) as Client;
  }

  private comeUp(): void {
    this.isUp = true;
    this.upSinceMs = performance.now();
    this.options.counters.set('redis_connected', 1);
    if (!this.isReportedUp) this.options.report(undefined);
    this.isReportedUp = true;
  }

  private giveUpLate(attempt: Attempt): void {
    if (this.current !== attempt) return;
    this.options.counters.add('redis_timeouts');
    this.giveUp(attempt, `No answer within ${this.options.timeoutMs} ms.`);
  }

  private giveUp(attempt: Attempt | undefined, reason: string): void {
    if (attempt === undefined || this.current !== attempt) return;
    if (this.isUp && performance.now() - this.upSinceMs > STEADY_MS) this.failures = 0;
    this.current = undefined;
    this.isUp = false;
    attempt.client.destroy();
    attempt.endWait();
    for (const user of this.users) user.onGone();
    this.fail(reason);
  }

  private fail(reason: string): void {
    const { counters, report } = this.options;
    counters.set('redis_connected', 0);
    if (this.isClosed) return;
    counters.add('redis_connections_lost');
    if (this.isReportedUp) report(reason);
    this.isReportedUp = false;
    const longestMs = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, FAILURES_MAX);
    // Fronts of many hosts lose one Redis at one moment: half of the pause is left to chance.
    const pauseMs = longestMs * (0.5 + Math.random() / 2);
    this.pause = setTimeout(() => void this.connect(), pauseMs);
    this.pause.unref();
  }
}

/** What a script that Redis does not know has not done can be asked again. */
async function run(client: Client, { script, keys, argument }: RedisQuestion): Promise<string> {
  const rest = [String(keys.length), ...keys, argument];
  try {
    return String(await client.sendCommand(['EVALSHA', script.sha1, ...rest]));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return String(await client.sendCommand(['EVAL', script.text, ...rest]));
  }
}

/** From `INFO`, a `name:value` a line. */
function serverOf(info: string): RedisServer {
  const fields = new Map<string, string>();
  for (const line of info.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const runId = fields.get('run_id');
  if (runId === undefined) throw new Error('Redis does not tell its run_id.');
  const isBounded = (fields.get('maxmemory') ?? '0') !== '0';
  return { runId, evicts: isBounded && fields.get('maxmemory_policy') !== 'noeviction' };
}

/** Messages of the client name the host and the error; credentials are in none. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join(' ');
  }
  return error instanceof Error ? error.message || error.name : String(error);
}
