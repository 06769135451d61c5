import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type AdminProblem, adminProblem } from './problems.ts';

/** Whether an address to bind reaches this host only. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * Who may ask the admin listener. A page in an operator's browser can point a name of its own at
 * 127.0.0.1 (DNS rebinding), so that on loopback the Host field must name loopback. A bearer token,
 * where one is set, is needed for everything (RFC 6750 section 2.1).
 */
export class AccessGuard {
  private readonly hosts: ReadonlySet<string> | undefined;
  private readonly tokenDigest: Buffer | undefined;

  constructor(host: string, token: string | undefined) {
    const own = host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase();
    const names = ['localhost', '127.0.0.1', '[::1]', own];
    this.hosts = isLoopback(host) ? new Set(names) : undefined;
    this.tokenDigest = token === undefined ? undefined : sha256(token);
  }

  /** What is wrong with a request's Host and Authorization fields, if anything. */
  check(host: string | undefined, authorization: string | undefined): AdminProblem | undefined {
    if (this.hosts !== undefined && !this.hosts.has(hostName(host))) {
      return adminProblem('host-not-allowed', 'Use localhost, 127.0.0.1 or [::1] as the host.');
    }
    if (this.tokenDigest !== undefined && !this.isToken(authorization)) {
      return adminProblem('unauthorized', 'Send "authorization: Bearer" with the admin token.');
    }
    return undefined;
  }

  /** Digests have one length, so that the comparison takes the same time for every token. */
  private isToken(authorization: string | undefined): boolean {
    const match = /^Bearer +(\S+)$/i.exec(authorization ?? '');
    return match !== null && timingSafeEqual(sha256(match[1]!), this.tokenDigest!);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The host without its port; '' where there is none. */
function hostName(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:\d*$/, '');
}
