import { isIPv4 } from 'node:net';
import { type AdminProblem, adminProblem } from './problems.ts';

/** Whether an address to bind reaches this host only. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * A page in an operator's browser can point a name of its own at 127.0.0.1 (DNS rebinding), so that
 * on loopback the Host field must name loopback.
 */
export class HostCheck {
  private readonly hosts: ReadonlySet<string> | undefined;

  /** @param host that is bound */
  constructor(host: string) {
    const own = host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase();
    const names = ['localhost', '127.0.0.1', '[::1]', own];
    this.hosts = isLoopback(host) ? new Set(names) : undefined;
  }

  /** What is wrong with a Host field, if anything. */
  check(host: string | undefined): AdminProblem | undefined {
    if (this.hosts === undefined || this.hosts.has(hostName(host))) return undefined;
    return adminProblem('host-not-allowed', 'Use localhost, 127.0.0.1 or [::1] as the host.');
  }
}

/** The host without its port; '' where there is none. */
function hostName(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:\d*$/, '');
}
