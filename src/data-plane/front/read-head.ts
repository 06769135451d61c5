/**
 * Reads a request's head while uWebSockets.js lets us: its request object dies with the handler.
 */

import { refuseHost, refusePath, refuseQuery } from '../../core/canonical-target.ts';
import type { Arrival, ClientCertificate } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { SnapshotHolder } from '../../core/snapshot.ts';
import type { TraceIds } from '../../core/trace.ts';
import type { PeerAddresses } from './peer-address.ts';
import type { HttpRequest, HttpResponse } from './uws.ts';

export interface HeadOptions {
  /** As partners see it: the listener's own, or what stands in front of it. */
  readonly scheme: 'http' | 'https';
  /** In place of the Host field, where a proxy in front changes it. */
  readonly authority: string | undefined;
  readonly headersMax: number;
  readonly snapshots: SnapshotHolder;
  readonly peers: PeerAddresses;
  readonly traces: TraceIds;
  readonly clientCertificate: (res: HttpResponse) => ClientCertificate | undefined;
}

export interface Head {
  readonly arrival: Arrival;
  readonly refusal: Problem | undefined;
  /** Undefined where the length is not announced (chunked). */
  readonly contentLength: number | undefined;
  readonly hasBody: boolean;
  /** Its fields are ambiguous, so that nobody can say where the next request starts. */
  readonly isSuspect: boolean;
  /** How long the caller waits; undefined where it does not say. */
  readonly deadlineMs: number | undefined;
}

/** RFC 9110 section 5.5 without obs-text, which uWebSockets.js cuts off the ends of a value. */
const NOT_IN_A_VALUE = /[^\t\x20-\x7e]/;
/** Longer than any upstream is given. */
const DEADLINE_MAX_MS = 600_000;
const METHOD = /^[A-Z]{1,32}$/;
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/**
 * RFC 9110 section 7.6.1 lets Connection take any field off the message at the next hop, covered
 * ones too, while Connection itself is rarely covered. So only options that are no end-to-end field
 * are accepted.
 */
const CONNECTION_OPTIONS = new Set([
  '',
  'close',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'upgrade',
]);

function isHopByHop(connection: string): boolean {
  if (connection === 'keep-alive' || connection === 'close') return true;
  const options = connection.toLowerCase().split(',');
  return options.every(option => CONNECTION_OPTIONS.has(option.trim()));
}

/** One collector for all requests: a closure per request costs more than this does. */
let collected: string[] = [];
const collect = (name: string, value: string): void => {
  collected.push(name, value);
};

/** The fields that decide framing and identity, found in one pass over the head. */
interface SpecialFields {
  host: string;
  requestId: string;
  traceparent: string;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  deadline: string | undefined;
  fault: string | undefined;
}

export function readHead(res: HttpResponse, req: HttpRequest, options: HeadOptions): Head {
  const arrivedMs = performance.now();
  // Before getMethod, which would lower the method's case in place.
  const method = req.getCaseSensitiveMethod();
  const path = req.getUrl();
  const query = req.getQuery() as string | undefined;
  collected = [];
  req.forEach(collect);
  const headers = collected;
  const special = readSpecialFields(headers);
  const fault = special.fault ?? refuseTarget(method, path, query, special, headers, options);
  return {
    arrival: {
      requestId: options.traces.requestId(special.requestId),
      traceparent: options.traces.traceparent(special.traceparent),
      method,
      path,
      query: query === undefined ? '' : `?${query}`,
      scheme: options.scheme,
      authority: options.authority ?? special.host,
      headers,
      peer: options.peers.text(res.getRemoteAddress()),
      clientCertificate: options.clientCertificate(res),
      arrivedMs,
      snapshot: options.snapshots.current,
      session: undefined,
    },
    refusal: fault === undefined ? undefined : problem('malformed-request', fault),
    contentLength: special.contentLength === undefined ? undefined : Number(special.contentLength),
    hasBody: special.transferEncoding !== undefined || Number(special.contentLength ?? 0) > 0,
    isSuspect: special.fault !== undefined,
    deadlineMs: special.deadline === undefined ? undefined : Number(special.deadline),
  };
}

function refuseTarget(
  method: string,
  path: string,
  query: string | undefined,
  special: SpecialFields,
  headers: readonly string[],
  options: HeadOptions,
): string | undefined {
  if (!METHOD.test(method)) return 'The method is not a token of capital letters.';
  if (headers.length > options.headersMax * 2) {
    return `More than ${options.headersMax} header fields.`;
  }
  return (
    refusePath(path) ??
    (query === undefined || query === '' ? undefined : refuseQuery(query)) ??
    refuseHost(special.host) ??
    refuseDeadline(special.deadline)
  );
}

function refuseDeadline(deadline: string | undefined): string | undefined {
  if (deadline === undefined) return undefined;
  const ms = /^[0-9]{1,6}$/.test(deadline) ? Number(deadline) : 0;
  if (ms >= 1 && ms <= DEADLINE_MAX_MS) return undefined;
  return `x-xingyun-deadline-ms is a whole number from 1 to ${DEADLINE_MAX_MS}.`;
}

function readSpecialFields(headers: readonly string[]): SpecialFields {
  const special: SpecialFields = {
    host: '',
    requestId: '',
    traceparent: '',
    contentLength: undefined,
    transferEncoding: undefined,
    deadline: undefined,
    fault: undefined,
  };
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1]!;
    const name = headers[i]!;
    // Read by a strict parser later; scanning them here would cost 0.5 to 0.8 µs.
    if (name === 'signature' || name === 'signature-input' || name === 'authorization') continue;
    if (NOT_IN_A_VALUE.test(value)) special.fault = 'A header value holds bytes outside ASCII.';
    switch (name) {
      case 'host':
        if (special.host !== '') special.fault = 'More than one Host field.';
        special.host = value;
        break;
      case 'x-request-id':
        special.requestId = value;
        break;
      case 'traceparent':
        special.traceparent = value;
        break;
      case 'x-xingyun-deadline-ms':
        special.deadline = value;
        break;
      case 'connection':
        if (!isHopByHop(value)) {
          special.fault = 'Connection names a field that is not hop-by-hop by itself.';
        }
        break;
      case 'content-length':
        if (special.contentLength !== undefined) special.fault = 'More than one Content-Length.';
        if (!CONTENT_LENGTH.test(value)) special.fault = 'Content-Length is not a number.';
        special.contentLength = value;
        break;
      case 'transfer-encoding':
        if (special.transferEncoding !== undefined || value.toLowerCase() !== 'chunked') {
          special.fault = 'Transfer-Encoding must be exactly "chunked".';
        }
        special.transferEncoding = value;
        break;
    }
  }
  if (special.contentLength !== undefined && special.transferEncoding !== undefined) {
    special.fault = 'Both Content-Length and Transfer-Encoding.';
  }
  return special;
}
