type Scheme = 'http' | 'https';

/** Lower case, without an empty port or the scheme's own (RFC 9421 section 2.2.3). */
export function normaliseAuthority(authority: string, scheme: Scheme): string {
  const lower = authority.toLowerCase();
  const port = scheme === 'https' ? ':443' : ':80';
  if (lower.endsWith(port)) return lower.slice(0, -port.length);
  return lower.endsWith(':') ? lower.slice(0, -1) : lower;
}
