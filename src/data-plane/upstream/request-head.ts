/**
 * The request head that an upstream gets: the partner's fields without what is not theirs to send.
 */
import type { Exchange, Identity } from '../../core/exchange.ts';

/**
 * Never forwarded: hop-by-hop fields (RFC 9110 section 7.6.1; the front refuses a Connection that
 * names any other), framing that is made anew, what only
 * the gateway may say about a call, what makes some servers take another method or path than the
 * one that was verified and routed, and the signature, which is the gateway's to check and would
 * let an upstream's log replay the call.
 */
const NOT_FORWARDED = new Set([
  'connection',
  'content-length',
  'dpop',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'signature',
  'signature-input',
  'te',
  'traceparent',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-http-method',
  'x-http-method-override',
  'x-jws-signature',
  'x-method-override',
  'x-original-url',
  'x-real-ip',
  'x-request-id',
  'x-rewrite-url',
]);

const VIA = '1.1 xingyun';

/** RFC 7239 section 6: an IPv6 address stands in brackets and therefore in quotes. */
function forwardedNode(peer: string): string {
  return peer.includes(':') ? `"[${peer}]"` : peer;
}

/** CGI and its descendants read `_` and `-` alike, so `x_xingyun_app` would be `x-xingyun-app`. */
function isWithheld(name: string): boolean {
  if (name.includes('_')) return isWithheld(name.replaceAll('_', '-'));
  return (
    NOT_FORWARDED.has(name) || name.startsWith('x-xingyun-') || name.startsWith('x-forwarded-')
  );
}

/** An Authorization that the gateway has gone by; any other is the upstream's. */
function isCredential(name: string, value: string, identity: Identity | undefined): boolean {
  if (name !== 'authorization') return false;
  return identity?.scheme === 'token' || /^(?:XINGYUN-|Signature )/i.test(value);
}

/** About the body and about what is accepted: made anew where either is converted. */
const OF_REPRESENTATION = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'content-digest',
  'content-encoding',
  'content-md5',
  'content-type',
  'digest',
  'if-range',
  'range',
  'repr-digest',
  'want-content-digest',
  'want-repr-digest',
]);

/** What an upstream gets as the body. */
export function outgoingBody(exchange: Exchange): Uint8Array {
  return exchange.outgoingBody ?? exchange.body;
}

/** The complete head, its last empty line included. `upstreamHost` is the Host field's value. */
export function requestHead(exchange: Exchange, upstreamHost: string): string {
  const { arrival, identity, outgoingFields } = exchange;
  const body = outgoingBody(exchange);
  const { headers, authority, scheme, peer } = arrival;
  const target = `${arrival.path}${arrival.query}`;
  let head = `${arrival.method} ${target} HTTP/1.1\r\nhost: ${upstreamHost}\r\n`;
  let via = '';
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (outgoingFields !== undefined && OF_REPRESENTATION.has(name)) continue;
    if (!isWithheld(name) && !isCredential(name, headers[i + 1]!, identity))
      head += `${name}: ${headers[i + 1]}\r\n`;
    else if (name === 'via') via += `${headers[i + 1]}, `;
  }
  if (outgoingFields !== undefined) head += fieldLines(outgoingFields);
  if (body.length > 0 || hasContent(arrival.method)) head += `content-length: ${body.length}\r\n`;
  return (
    `${head}via: ${via}${VIA}\r\n` +
    `forwarded: for=${forwardedNode(peer)};host="${authority}";proto=${scheme}\r\n` +
    `x-forwarded-for: ${peer}\r\n` +
    `x-forwarded-host: ${authority}\r\n` +
    `x-forwarded-proto: ${scheme}\r\n` +
    identityFields(identity) +
    deadlineField(exchange.deadlineAtMs) +
    `x-request-id: ${arrival.requestId}\r\n` +
    `traceparent: ${arrival.traceparent}\r\n\r\n`
  );
}

function fieldLines(fields: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}

/** What is left of the caller's time; nothing where it has no end. */
function deadlineField(deadlineAtMs: number): string {
  if (deadlineAtMs === Number.POSITIVE_INFINITY) return '';
  const leftMs = Math.max(1, Math.floor(deadlineAtMs - performance.now()));
  return `x-xingyun-deadline-ms: ${leftMs}\r\n`;
}

/** Nothing for a call of nobody: an upstream never sees these fields from outside. */
function identityFields(identity: Identity | undefined): string {
  if (identity === undefined) return '';
  const { app, partner } = identity.entry;
  return `x-xingyun-app: ${app.id}\r\nx-xingyun-partner: ${partner.id}\r\n`;
}

/** RFC 9110 section 8.6: methods that anticipate content say so even when there is none. */
function hasContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
