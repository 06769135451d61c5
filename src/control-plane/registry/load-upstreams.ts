/** Reads the upstreams: where they are, how TLS towards them works, and their limits. */
import { resolve } from 'node:path';
import type { UpstreamRecord, UpstreamTlsRecord } from '../../core/snapshot.ts';
import { readTlsFiles } from '../config/tls-files.ts';
import type { Registry } from './schema.ts';

type Upstream = Registry['upstreams'][number];
/** Reports what is wrong with one option of the upstream, as a verb phrase. */
export type ReportOption = (option: readonly string[], message: string) => void;

const URL_FORM = /^(https?):\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/?$/;

/** The record, or undefined when a problem was reported. */
export function loadUpstream(
  upstream: Upstream,
  folder: string,
  report: ReportOption,
): UpstreamRecord | undefined {
  const { id, url, tls, ...limits } = upstream;
  const address = parseAddress(url, report);
  if (address === undefined) return undefined;
  if (tls !== undefined && !address.isTls) report(['tls'], 'goes with an https url only');
  return {
    id,
    host: address.host,
    port: address.port,
    tls: address.isTls ? loadTls(tls, folder, report) : undefined,
    ...limits,
  };
}

function parseAddress(
  url: string,
  report: ReportOption,
): { host: string; port: number; isTls: boolean } | undefined {
  const [, scheme, host, portText] = URL_FORM.exec(url) ?? [];
  const port = Number(portText ?? (scheme === 'https' ? 443 : 80));
  // The parser of the platform has the last word on addresses such as [::1] and 1.2.3.256.
  if (host === undefined || port < 1 || port > 65_535 || !URL.canParse(url)) {
    report(['url'], 'must be http://host:port or https://host:port, nothing else');
    return undefined;
  }
  return { host: host.replace(/^\[|\]$/g, ''), port, isTls: scheme === 'https' };
}

function loadTls(
  tls: NonNullable<Upstream['tls']> | undefined,
  folder: string,
  report: ReportOption,
): UpstreamTlsRecord {
  const absolute = (file: string | undefined) =>
    file === undefined ? undefined : resolve(folder, file);
  const { caFile, certFile, keyFile, serverName } = tls ?? {};
  if ((certFile === undefined) !== (keyFile === undefined)) {
    report(['tls'], 'must have certFile and keyFile together');
  }
  const material = readTlsFiles(
    { caFile: absolute(caFile), certFile: absolute(certFile), keyFile: absolute(keyFile) },
    ({ option, message }) => report(['tls', option], message),
  );
  return { ...material, serverName };
}
