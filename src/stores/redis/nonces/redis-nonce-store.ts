/**
 * The nonces of all hosts. This host's own store is asked first, so that a replay on one host needs
 * no round trip, and then Redis, in batches. Where Redis cannot be asked nothing is fresh: calls
 * are refused until it can.
 *
 * After Redis was emptied or started, hosts know their own nonces only. So nothing that was created
 * before, as far as any clock tells, is accepted then by any of them: as after a strict start.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import type { CounterSet } from '../../../core/counters.ts';
import type { HostNonceStore, NonceClaimant, NonceClaims, NonceOutcome } from '../../contracts.ts';
import { TurnBatches } from '../../turn-batches.ts';
import type { RedisConnection, RedisServer, RedisUser } from '../connection.ts';
import { ATTACH_SCRIPT, CLAIM_SCRIPT, MARKER_KEY, NONCE_PREFIX } from './nonce-scripts.ts';

/** How far the clocks of hosts and of Redis may be apart. */
const CLOCKS_APART_MAX_MS = 1_000;
/** Of the digest in base64url: 144 bits. */
const DIGEST_CHARACTERS = 24;

export interface RedisNonceStoreOptions {
  readonly connection: RedisConnection;
  readonly host: HostNonceStore;
  readonly clock: Clock;
  readonly counters: Pick<CounterSet, 'add'>;
  /** How far `created` of what is accepted may lie ahead of a host's clock, ms. */
  readonly clockSkewMs: number;
}

interface Asked {
  readonly key: string;
  readonly ttlMs: number;
  readonly claimant: NonceClaimant;
}

export class RedisNonceStore implements NonceClaims, RedisUser {
  private readonly options: RedisNonceStoreOptions;
  private readonly batches: TurnBatches<Asked>;
  private marker = '';

  constructor(options: RedisNonceStoreOptions) {
    const { connection } = options;
    this.options = options;
    this.batches = new TurnBatches<Asked>(
      () => connection.isUp,
      (asked, waitedMs) => this.send(asked, waitedMs),
    );
    connection.use(this);
  }

  get acceptCreatedAfterMs(): number {
    return this.options.host.acceptCreatedAfterMs;
  }

  /** The host's store is not asked where Redis cannot be: the same signature may come again. */
  claim(
    appId: string,
    nonce: string,
    expiresAtMs: number,
    claimant: NonceClaimant,
  ): NonceOutcome | 'later' {
    const { connection, host, clock } = this.options;
    if (!connection.isUp) return this.unavailable();
    const ofHost = host.claim(appId, nonce, expiresAtMs);
    if (ofHost !== 'fresh') return ofHost;
    const digest = hash('sha256', `${appId.length}:${appId}${nonce}`, 'base64url');
    const key = NONCE_PREFIX + digest.slice(0, DIGEST_CHARACTERS);
    // By a host whose clock is behind it is accepted for longer.
    const ttlMs = Math.ceil(expiresAtMs - clock.wallMs()) + CLOCKS_APART_MAX_MS;
    this.batches.add({ key, ttlMs, claimant });
    return 'later';
  }

  attach({ runId, evicts }: RedisServer): Promise<void> {
    if (evicts) {
      const reason = 'Redis would evict nonces, which could come again: maxmemory-policy.';
      return Promise.reject(new Error(reason));
    }
    const { connection, clock } = this.options;
    const argument = JSON.stringify({ runId, wallMs: clock.wallMs() });
    const { promise, resolve } = Promise.withResolvers<void>();
    connection.ask(
      { script: ATTACH_SCRIPT, keys: [MARKER_KEY], argument, items: 0, waitedMs: 0 },
      marker => {
        this.follow(marker);
        resolve();
      },
    );
    return promise;
  }

  /** What was sent may have been claimed: the signature is not fresh any more, and not accepted. */
  onGone(): void {
    const { sent, unsent } = this.batches.drop();
    for (const { claimant } of [...sent, ...unsent]) claimant.settleNonce(this.unavailable());
  }

  private unavailable(): 'unavailable' {
    this.options.counters.add('nonces_unavailable');
    return 'unavailable';
  }

  private follow(marker: string): void {
    if (marker === this.marker) return;
    this.marker = marker;
    const sinceMs = Number(marker.slice(marker.indexOf(' ') + 1));
    const { host, clockSkewMs } = this.options;
    host.refuseCreatedUntil(sinceMs + clockSkewMs + CLOCKS_APART_MAX_MS);
  }

  private send(asked: readonly Asked[], waitedMs: number): void {
    const keys = [MARKER_KEY, ...asked.map(({ key }) => key)];
    const ttlsMs = asked.map(({ ttlMs }) => ttlMs);
    const argument = JSON.stringify({ marker: this.marker, ttlsMs });
    const question = { script: CLAIM_SCRIPT, keys, argument, items: asked.length, waitedMs };
    this.options.connection.ask(question, answer => {
      if (answer.length !== asked.length) {
        this.options.connection.startAnew('The nonces that Redis held are gone.');
        return;
      }
      asked.forEach(({ claimant }, i) => {
        claimant.settleNonce(answer[i] === '1' ? 'fresh' : 'seen');
      });
      this.batches.answered(asked);
    });
  }
}
