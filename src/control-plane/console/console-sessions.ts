/** Operators who have signed in with a browser: a cookie in the place of their token. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Principal } from '../admin/control-context.ts';
import type { OperatorDirectory } from '../operators/operator-directory.ts';

export const SESSION_COOKIE = 'xingyun_console';
const SECRET_BYTES = 32;
const SESSIONS_MAX = 1_024;
/** Whoever signs in again and again signs nobody out but themselves. */
const OPERATOR_SESSIONS_MAX = 16;
const LIFETIME_MS = 12 * 3_600_000;
/** Without a request. */
const IDLE_MAX_MS = 2 * 3_600_000;

interface Session {
  readonly operatorId: string;
  /** SHA-256 of the token by which it was opened: with that it ends. */
  readonly tokenDigest: Buffer;
  readonly expiresMs: number;
  usedMs: number;
}

/** In memory: whoever is signed in signs in again after a restart. */
export class ConsoleSessions {
  private readonly operators: () => OperatorDirectory;
  private readonly clock: Clock;
  /** By the digest of the secret, which is nowhere kept. The one used longest ago comes first. */
  private readonly sessions = new Map<string, Session>();

  constructor(operators: () => OperatorDirectory, clock: Clock) {
    this.operators = operators;
    this.clock = clock;
  }

  /** The value of the cookie. @param token of that operator */
  open(operator: Principal, token: string): string {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const nowMs = this.clock.monotonicMs();
    this.makeRoom(operator.id);
    this.sessions.set(digestOf(secret), {
      operatorId: operator.id,
      tokenDigest: createHash('sha256').update(token).digest(),
      expiresMs: nowMs + LIFETIME_MS,
      usedMs: nowMs,
    });
    return secret;
  }

  /** Who it is, as long as the operator may still come in at all. */
  find(secret: string): Principal | undefined {
    const digest = digestOf(secret);
    const session = this.sessions.get(digest);
    if (session === undefined) return undefined;
    const nowMs = this.clock.monotonicMs();
    this.sessions.delete(digest);
    if (nowMs > session.expiresMs || nowMs > session.usedMs + IDLE_MAX_MS) return undefined;
    const { operatorId, tokenDigest } = session;
    const principal = this.operators().withToken(operatorId, tokenDigest, this.clock.wallMs());
    if (principal === undefined) return undefined;
    session.usedMs = nowMs;
    this.sessions.set(digest, session);
    return principal;
  }

  close(secret: string): void {
    this.sessions.delete(digestOf(secret));
  }

  private makeRoom(operatorId: string): void {
    const own: string[] = [];
    for (const [digest, session] of this.sessions) {
      if (session.operatorId === operatorId) own.push(digest);
    }
    const [oldest] = own.length >= OPERATOR_SESSIONS_MAX ? own : this.sessions.keys();
    const isFull = own.length >= OPERATOR_SESSIONS_MAX || this.sessions.size >= SESSIONS_MAX;
    if (isFull && oldest !== undefined) this.sessions.delete(oldest);
  }
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
