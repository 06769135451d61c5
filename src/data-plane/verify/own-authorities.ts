import { normaliseAuthority } from '../../core/authority.ts';
import type { Config } from '../../core/config.ts';

/** Under which a listener on any loopback address is reached from its own host as well. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
/** RFC 6890 section 2.2.2. */
const LOOPBACK_IPV4 = /^127(\.\d{1,3}){3}$/;

/**
 * The authorities, normalised, for which signatures are accepted: a call that was signed for
 * another site must not verify here. That is `publicAuthority` alone
 * where it is set; else the listener's own host with `port`, the TCP port that it is bound to. A
 * wildcard host names no authority, so that its set is empty without `publicAuthority`.
 */
export function ownAuthorities(listener: Config['listener'], port: number): ReadonlySet<string> {
  const { publicAuthority, publicScheme, tls } = listener;
  const scheme = publicScheme ?? (tls === undefined ? 'http' : 'https');
  const authorities =
    publicAuthority === undefined
      ? hostsOf(listener.host).map(host => `${host}:${port}`)
      : [publicAuthority];
  return new Set(authorities.map(authority => normaliseAuthority(authority, scheme)));
}

/** How the listener's host is written in a URL, in all its ways. */
function hostsOf(configured: string): string[] {
  const host = urlHost(configured);
  if (host === '0.0.0.0' || host === '[::]') return [];
  const isLoopback = LOOPBACK_HOSTS.includes(host) || LOOPBACK_IPV4.test(host);
  return isLoopback ? [host, ...LOOPBACK_HOSTS] : [host];
}

function urlHost(host: string): string {
  // The zone says by which interface this host reaches the address, and is in nobody's URL.
  const [address] = host.replace(/^\[|\]$/g, '').split('%');
  const ipv6 = URL.parse(`http://[${address}]`);
  return ipv6 === null ? host.toLowerCase() : ipv6.hostname;
}
