/**
 * Access tokens, between the main thread and the fronts: the keys of other issuers, and the
 * gateway's own authorization server where there is one.
 */
import { join } from 'node:path';
import {
  AuthorizationServer,
  Revocations,
  SERVER_ERROR,
} from './control-plane/authorization/index.ts';
import { KeyRing } from './control-plane/key-ring/index.ts';
import type { RegistryDesk } from './control-plane/registry/index.ts';
import { TokenKeys } from './control-plane/tokens/index.ts';
import type { AuthorizationAsk, AuthorizationReply, RevokedToken } from './core/authorization.ts';
import { systemClock } from './core/clock.ts';
import type { Config } from './core/config.ts';
import { LogThrottle } from './core/log-throttle.ts';
import type { TokenIssuer } from './core/token-issuers.ts';
import type { FrontThreads } from './runtime/front-threads.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

interface TokenParts {
  readonly config: Config;
  readonly log: ProcessLog;
  readonly desk: RegistryDesk;
  readonly fronts: () => FrontThreads | undefined;
}

/** In stateDir. */
const REVOKED_FILE = 'revoked-tokens.log';
/** FAPI 2.0 Security Profile section 5.3.2.1: 10 s are let pass, and no more than 60. */
const CLIENT_SKEW_MIN_MS = 10_000;
const CLIENT_SKEW_MAX_MS = 60_000;
/** Beside the lifetime of a token: clocks of whoever else checks it. */
const KEPT_LONGER_MS = 300_000;

export class GatewayTokens {
  private readonly parts: TokenParts;
  private readonly throttle = new LogThrottle();
  private readonly keys: TokenKeys;
  private others: readonly TokenIssuer[] = [];
  private readonly ring: KeyRing | undefined;
  private readonly revocations: Revocations | undefined;
  private readonly server: AuthorizationServer | undefined;
  /** Of the request that is answered at the moment. */
  private telling: Promise<void> | undefined;

  /**
   * Begins to read the keys of every issuer; the start waits for none of the network.
   *
   * @throws Error that names a file which is not as it should be
   */
  constructor(parts: TokenParts) {
    const { config, log } = parts;
    this.parts = parts;
    const { issuer } = config.authorization;
    if (issuer !== undefined) {
      this.ring = this.openRing();
      const file = join(config.stateDir, REVOKED_FILE);
      this.revocations = new Revocations(file, config.authorization.revokedMax, systemClock);
      this.server = this.createServer(issuer, this.ring, this.revocations);
    }
    this.keys = new TokenKeys({
      config: config.tokens,
      give: issuers => {
        this.others = issuers;
        this.give();
      },
      reportFailure: (name, reason) => {
        const message = 'The keys of an issuer cannot be read.';
        const suppressed = this.throttle.admit(`${message} ${name}`, performance.now());
        if (suppressed !== undefined) log.warn({ issuer: name, reason, suppressed }, message);
      },
    });
    this.keys.open();
  }

  /** All that are revoked and have not expired. */
  get revoked(): readonly RevokedToken[] {
    return this.revocations?.list() ?? [];
  }

  want(issuer: string): void {
    this.keys.want(issuer);
  }

  async refresh(): Promise<void> {
    await this.keys.refresh();
  }

  /** A client hears that a token is revoked when no front takes it any more. */
  answer(request: AuthorizationAsk, send: (reply: AuthorizationReply) => void): void {
    if (this.server === undefined) return;
    this.telling = undefined;
    let reply: AuthorizationReply;
    try {
      reply = this.server.answer(request);
    } catch (error) {
      this.reportBug(error as Error);
      return send({ answer: SERVER_ERROR, claims: [] });
    }
    if (this.telling === undefined) send(reply);
    else void (this.telling as Promise<void>).then(() => send(reply));
  }

  /** The process that this one replaced has ended: what it revoked last is in the file. */
  takeOver(): void {
    const more = this.revocations?.readAgain() ?? [];
    void this.parts.fronts()?.revoke(more);
  }

  close(): void {
    this.keys.close();
    this.ring?.close();
    this.revocations?.close();
  }

  /** A disk that is full, or a bug of ours. */
  private reportBug(error: Error): void {
    const message = 'The authorization server could not answer.';
    const suppressed = this.throttle.admit(`${message} ${error.message}`, performance.now());
    if (suppressed !== undefined) this.parts.log.error({ err: error, suppressed }, message);
  }

  private give(): void {
    const own = this.server === undefined ? [] : [this.server.terms];
    this.parts.fronts()?.giveIssuers([...own, ...this.others]);
  }

  private openRing(): KeyRing {
    const { config, log } = this.parts;
    const { authorization } = config;
    return KeyRing.open({
      ...{ stateDir: config.stateDir, purpose: 'tokens', algorithm: authorization.algorithm },
      ...{ rotationMs: authorization.keyRotationMs, clock: systemClock },
      publishAheadMs: authorization.keyPublishAheadMs,
      keepMs: authorization.tokenLifetimeMs + KEPT_LONGER_MS,
      onChange: () => {
        if (this.server !== undefined) this.give();
      },
      reportFailure: ({ message: reason }) => {
        const message = 'The keys that sign tokens cannot be rotated; those before stay.';
        const suppressed = this.throttle.admit(message, performance.now());
        if (suppressed !== undefined) log.error({ reason, suppressed }, message);
      },
    });
  }

  private createServer(issuer: string, ring: KeyRing, revocations: Revocations) {
    const { config, desk } = this.parts;
    const { audience = issuer, bearer, tokenLifetimeMs, dpopNonce } = config.authorization;
    const { createdMaxAgeMs: maxAgeMs, clockSkewMs } = config.signatures;
    const { tls } = config.listener;
    return new AuthorizationServer({
      ...{ issuer, audience, bearer, tokenLifetimeMs, dpopNonce, ring, revocations, maxAgeMs },
      skewMs: Math.min(CLIENT_SKEW_MAX_MS, Math.max(CLIENT_SKEW_MIN_MS, clockSkewMs)),
      takenLateMs: clockSkewMs,
      hasCertificates: tls !== undefined && tls.clientCertificate !== 'off',
      ...{ clients: desk, clock: systemClock },
      onRevoked: token => {
        this.telling = this.parts.fronts()?.revoke([token]);
      },
    });
  }
}
