/** Where the gateway listens, and how that is written. */
import type { Config } from './core/config.ts';
import { probePort } from './runtime/probe-port.ts';

/** That of the gateway beside is shared with it; any other must be free. */
export function choosePort(
  { host, port }: { readonly host: string; readonly port: number },
  shared: number | undefined,
  option: string,
): Promise<number> {
  if (shared !== undefined && (port === 0 || port === shared)) return Promise.resolve(shared);
  return probePort(host, port, option);
}

/** As partners write it, without a slash at its end. */
export function publicUrl({
  tls,
  host,
  port,
  publicAuthority,
  publicScheme,
}: Config['listener']): string {
  const scheme = publicScheme ?? (tls === undefined ? 'http' : 'https');
  return `${scheme}://${publicAuthority ?? `${urlHost(host)}:${port}`}`;
}

export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
