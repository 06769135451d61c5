import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type AdminProblem, adminProblem } from './problems.ts';

/** Whether an address to bind reaches this host only. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

export interface AdminTokens {
  /** Opens everything. */
  readonly operator: string | undefined;
  /** Opens the publication of events and nothing else. */
  readonly publisher: string | undefined;
}

/**
 * Who may ask the admin listener. A page in an operator's browser can point a name of its own at
 * 127.0.0.1 (DNS rebinding), so that on loopback the Host field must name loopback. The operators'
 * bearer token, where one is set, is needed for everything (RFC 6750 section 2.1); who publishes
 * events needs a token always, on loopback as well.
 */
export class AccessGuard {
  private readonly hosts: ReadonlySet<string> | undefined;
  private readonly operator: Buffer | undefined;
  private readonly publisher: Buffer | undefined;

  constructor(host: string, { operator, publisher }: AdminTokens) {
    const own = host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase();
    const names = ['localhost', '127.0.0.1', '[::1]', own];
    this.hosts = isLoopback(host) ? new Set(names) : undefined;
    this.operator = operator === undefined ? undefined : sha256(operator);
    this.publisher = publisher === undefined ? undefined : sha256(publisher);
  }

  /** What is wrong with an operator's Host and Authorization fields, if anything. */
  check(host: string | undefined, authorization: string | undefined): AdminProblem | undefined {
    const refusal = this.checkHost(host);
    if (refusal !== undefined || this.operator === undefined) return refusal;
    if (isToken(authorization, this.operator)) return undefined;
    return adminProblem('unauthorized', 'Send "authorization: Bearer" with the admin token.');
  }

  /** The same for who publishes events. */
  checkPublisher(
    host: string | undefined,
    authorization: string | undefined,
  ): AdminProblem | undefined {
    const refusal = this.checkHost(host);
    if (refusal !== undefined) return refusal;
    if (this.operator === undefined && this.publisher === undefined) {
      const detail = 'Nobody may publish: set events.publisherTokenFile and start again.';
      return adminProblem('publishing-disabled', detail);
    }
    // Both are compared, so that the time does not tell which of them is nearer.
    const isOperator = isToken(authorization, this.operator);
    const isPublisher = isToken(authorization, this.publisher);
    if (isOperator || isPublisher) return undefined;
    return adminProblem('unauthorized', 'Send "authorization: Bearer" with the publisher token.');
  }

  private checkHost(host: string | undefined): AdminProblem | undefined {
    if (this.hosts === undefined || this.hosts.has(hostName(host))) return undefined;
    return adminProblem('host-not-allowed', 'Use localhost, 127.0.0.1 or [::1] as the host.');
  }
}

/** Digests have one length, so that the comparison takes the same time for every token. */
function isToken(authorization: string | undefined, digest: Buffer | undefined): boolean {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
  return match !== null && digest !== undefined && timingSafeEqual(sha256(match[1]!), digest);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The host without its port; '' where there is none. */
function hostName(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:\d*$/, '');
}
