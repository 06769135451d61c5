/**
 * Keys of calls and their answers in a PostgreSQL database, for the hosts of a fleet: a batch is
 * one round trip and one commit.
 */
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import pg from 'pg';
import type { Clock } from '../../core/clock.ts';
import type {
  DriverBatch,
  FoundClaim,
  IdempotencyDriver,
  RetentionOptions,
} from '../idempotency-contract.ts';
import { type DatabaseAddress, readDatabaseUrl } from './connection-url.ts';
import {
  BEGIN_OWNER,
  FIND_SCHEMA,
  FORGET,
  MAKE_SCHEMA,
  NEWEST,
  NOTE_END,
  NOTE_OWNERS,
  RUN_BATCH,
  TAKE_OVER,
  WHO_IS_THERE,
} from './idempotency-schema.ts';
import { asStoreError } from './store-errors.ts';

export interface PostgresIdempotencyOptions extends RetentionOptions {
  /** As of the registry's store. */
  readonly url: string;
  /** Of one batch and of a new connection: then the next batch begins with another connection. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** How long an owner that says nothing counts as there. */
  readonly ownerSilenceMaxMs?: number;
}

const OWNER_SILENCE_MAX_MS = 30_000;
/** How often an owner that has nothing else to say says that it is there. */
const HEARTBEATS_IN_SILENCE = 6;
/** Connections of this process whose claims may still be in flight. */
const TENURES_MAX = 16;
const FORGOTTEN_AT_ONCE = 1_000;
const OWNER_BYTES = 8;
const KEEP_ALIVE_DELAY_MS = 10_000;

interface ClaimRow {
  readonly claim: number | null;
  readonly call: Buffer;
  readonly owner: string;
  readonly status: number | null;
  readonly headers: string;
  readonly body: Buffer | null;
}

/** What one connection has done, under a name of its own. */
interface Tenure {
  readonly owner: string;
  /** The last claim that this process knows to have been granted in it. */
  lastClaim: number;
}

/**
 * Connects when it is asked first, and again whenever the connection was lost.
 *
 * @throws RegistryStoreError `unusable` where the URL says nothing useful
 */
export function openPostgresIdempotency(options: PostgresIdempotencyOptions): IdempotencyDriver {
  return new PostgresIdempotency(readDatabaseUrl(options.url), options);
}

class PostgresIdempotency implements IdempotencyDriver {
  private readonly address: DatabaseAddress;
  private readonly options: PostgresIdempotencyOptions;
  private readonly silenceMaxMs: number;
  private readonly heartbeat: NodeJS.Timeout;
  private isBeatDue = false;
  private lastAsked: Promise<unknown> = Promise.resolve();
  private client: pg.Client | undefined;
  private socket: Socket | undefined;
  /** By owner; a batch that was given up may still commit, so the next one is another's. */
  private readonly tenures = new Map<string, Tenure>();
  private tenure: Tenure | undefined;
  /** Wall time is this and the monotonic clock: keys do not grow old where the host's is set. */
  private wallOffsetMs: number | undefined;

  constructor(address: DatabaseAddress, options: PostgresIdempotencyOptions) {
    this.address = address;
    this.options = options;
    this.silenceMaxMs = options.ownerSilenceMaxMs ?? OWNER_SILENCE_MAX_MS;
    const intervalMs = this.silenceMaxMs / HEARTBEATS_IN_SILENCE;
    this.heartbeat = setInterval(() => {
      this.isBeatDue = true;
      if (this.client !== undefined) void this.beatAlone();
    }, intervalMs);
  }

  async run(batch: DriverBatch): Promise<readonly FoundClaim[]> {
    const { claims, keeps, releases, losses } = batch;
    if (claims.length + keeps.length + releases.length + losses.length === 0) return [];
    return this.ask(async client => {
      const { rows } = await client.query<ClaimRow>(RUN_BATCH, [
        ...[this.tenure!.owner, this.nowMs(), this.options.keysMax, releases, losses],
        ...[keeps.map(({ claim }) => claim), keeps.map(({ status }) => status)],
        keeps.map(({ headers }) => JSON.stringify(headers)),
        keeps.map(({ body }) => (body === undefined ? null : Buffer.from(body))),
        claims.map(({ key }) => Buffer.from(key)),
        claims.map(({ call }) => Buffer.from(call)),
      ]);
      return this.describeAll(client, rows, claims);
    });
  }

  async forget(): Promise<boolean> {
    return this.ask(async client => {
      const keptFromMs = this.nowMs() - this.options.retentionMs;
      const { owner } = this.tenure!;
      const { rows } = await client.query<{ count: number }>(FORGET, [
        ...[keptFromMs, FORGOTTEN_AT_ONCE, owner],
      ]);
      return rows[0]!.count === FORGOTTEN_AT_ONCE;
    });
  }

  async close(): Promise<void> {
    const { client, socket } = this;
    clearInterval(this.heartbeat);
    if (client === undefined) return;
    try {
      await client.query(NOTE_END, [[...this.tenures.keys()]]);
      await client.end();
    } catch (error) {
      // Others see by its silence that it has ended.
      throw asStoreError(error, this.address.subject);
    } finally {
      socket?.destroy();
    }
  }

  /** One after the other: a heartbeat waits for a batch, and a batch for a heartbeat. */
  private ask<T>(query: (client: pg.Client) => Promise<T>): Promise<T> {
    const asked = this.lastAsked.then(() => this.askNow(query));
    this.lastAsked = asked.catch(() => undefined);
    return asked;
  }

  /** Whatever fails ends the connection: what it has still done is found out by the next one. */
  private async askNow<T>(query: (client: pg.Client) => Promise<T>): Promise<T> {
    try {
      const client = await this.connected();
      if (this.isBeatDue) await client.query(NOTE_OWNERS, [[...this.tenures.keys()]]);
      this.isBeatDue = false;
      return await query(client);
    } catch (error) {
      this.drop();
      throw asStoreError(error, this.address.subject);
    }
  }

  /** A failure is the next batch's to tell: it finds no connection. */
  private beatAlone(): Promise<void> {
    return this.ask(async () => undefined).catch(() => undefined);
  }

  private async connected(): Promise<pg.Client> {
    if (this.client !== undefined) return this.client;
    const socket = new Socket();
    const client = this.makeClient(socket);
    this.socket = socket;
    // Whoever uses it gets the error of its query; one that is idle is replaced by the next.
    client.on('error', () => {
      if (this.socket === socket) this.drop();
    });
    await client.connect();
    const { rows } = await client.query<{ found: boolean }>(FIND_SCHEMA);
    if (!rows[0]!.found) await client.query(MAKE_SCHEMA);
    await this.beginTenure(client);
    this.client = client;
    return client;
  }

  private makeClient(socket: Socket): pg.Client {
    const { timeoutMs } = this.options;
    return new pg.Client({
      ...this.address.config,
      stream: () => socket,
      application_name: 'xingyun-gateway',
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      types: { getTypeParser: parserOf },
    });
  }

  /** Nobody waits for a goodbye to a server that may not be there. */
  private drop(): void {
    this.client = undefined;
    this.socket?.destroy();
    this.socket = undefined;
  }

  private async beginTenure(client: pg.Client): Promise<void> {
    const owner = randomBytes(OWNER_BYTES).toString('hex');
    await client.query(BEGIN_OWNER, [owner]);
    const { rows } = await client.query<{ claimed_at_ms: number }>(NEWEST);
    const { clock } = this.options;
    const startMs = Math.max(clock.wallMs(), rows[0]?.claimed_at_ms ?? 0);
    this.wallOffsetMs ??= startMs - clock.monotonicMs();
    this.tenure = { owner, lastClaim: 0 };
    this.tenures.set(owner, this.tenure);
    const [oldest] = this.tenures.keys();
    if (this.tenures.size > TENURES_MAX) this.tenures.delete(oldest!);
  }

  private async describeAll(
    client: pg.Client,
    rows: readonly ClaimRow[],
    claims: DriverBatch['claims'],
  ): Promise<FoundClaim[]> {
    const granted = this.grantedIn(rows);
    const found = rows.map((row, i) => {
      const isFirst = granted.delete(row.claim!);
      if (isFirst) return { kind: 'granted', claim: row.claim! } as const;
      return describe(row, claims[i]!.call);
    });
    await this.takeOver(client, rows, found);
    await this.findOwners(client, rows, found);
    // Not before: where one of the two fails, nobody hears of what was granted.
    for (const each of found) {
      if (each.kind === 'granted') {
        this.tenure!.lastClaim = Math.max(this.tenure!.lastClaim, each.claim);
      }
    }
    return found;
  }

  /** Made by this batch: of this connection, and behind all that it was granted before. */
  private grantedIn(rows: readonly ClaimRow[]): Set<number> {
    const { owner, lastClaim } = this.tenure!;
    const granted = new Set<number>();
    for (const row of rows) {
      if (row.owner !== owner || row.claim! <= lastClaim) continue;
      granted.add(row.claim!);
    }
    return granted;
  }

  /**
   * A batch that was given up has committed all the same: its claims were granted to nobody, whose
   * callers were told to come again.
   */
  private async takeOver(
    client: pg.Client,
    rows: readonly ClaimRow[],
    found: FoundClaim[],
  ): Promise<void> {
    const unheard = rows.filter(({ owner, claim }, i) => {
      const tenure = this.tenures.get(owner);
      const isOfBefore = tenure !== undefined && tenure !== this.tenure;
      return found[i]!.kind === 'unanswered' && isOfBefore && claim! > tenure.lastClaim;
    });
    if (unheard.length === 0) return;
    const claims = unheard.map(({ claim }) => claim);
    const { rows: taken } = await client.query<{ claim: number }>(TAKE_OVER, [
      this.tenure!.owner,
      claims,
    ]);
    for (const { claim } of taken) {
      const isOfCall = (row: ClaimRow, i: number) =>
        row.claim === claim && found[i]!.kind === 'unanswered';
      found[rows.findIndex(isOfCall)] = { kind: 'granted', claim };
    }
  }

  private async findOwners(
    client: pg.Client,
    rows: readonly ClaimRow[],
    found: FoundClaim[],
  ): Promise<void> {
    const isOfOthers = ({ owner }: ClaimRow, i: number) =>
      found[i]!.kind === 'unanswered' && !this.tenures.has(owner);
    const others = rows.filter(isOfOthers).map(({ owner }) => owner);
    if (others.length === 0) return;
    const answer = await client.query<{ owner: string }>(WHO_IS_THERE, [others, this.silenceMaxMs]);
    const there = new Set(answer.rows.map(({ owner }) => owner));
    rows.forEach((row, i) => {
      if (!isOfOthers(row, i)) return;
      const by = there.has(row.owner) ? 'other' : 'gone';
      found[i] = { kind: 'unanswered', claim: row.claim!, by };
    });
  }

  private nowMs(): number {
    return Math.floor(this.wallOffsetMs! + this.options.clock.monotonicMs());
  }
}

/** Of a claim that was there before. */
function describe(row: ClaimRow, wanted: Uint8Array): FoundClaim {
  const { claim, call, status, headers, body } = row;
  if (claim === null) return { kind: 'full' };
  if (Buffer.compare(call, wanted) !== 0) return { kind: 'other-call' };
  if (status === null) return { kind: 'unanswered', claim, by: 'self' };
  if (body === null) return { kind: 'not-kept', status };
  return { kind: 'answered', answer: { status, headers: JSON.parse(headers), body } };
}

/** Claims are far below 2^53. */
function parserOf(oid: number, format?: string) {
  if (oid === pg.types.builtins.INT8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}
