/** The request head that an upstream gets: the partner's fields without what is not theirs to send. */
import type { Exchange } from '../../core/exchange.ts';

/**
 * Never forwarded: hop-by-hop fields (RFC 9110 section 7.6.1), framing that is made anew, what only
 * the gateway may say about a call, and the signature, which is the gateway's to check and would let
 * an upstream's log replay the call.
 */
const NOT_FORWARDED = new Set([
  'connection',
  'content-length',
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
  'x-request-id',
]);

const VIA = '1.1 xingyun';

/** RFC 7239 section 6: an IPv6 address stands in brackets and therefore in quotes. */
function forwardedNode(peer: string): string {
  return peer.includes(':') ? `"[${peer}]"` : peer;
}

function isOurs(name: string): boolean {
  return (
    name.startsWith('x-') && (name.startsWith('x-xingyun-') || name.startsWith('x-forwarded-'))
  );
}

/** The complete head, its last empty line included. `upstreamHost` is the Host field's value. */
export function requestHead(exchange: Exchange, upstreamHost: string): string {
  const { arrival, body } = exchange;
  const { app, partner } = exchange.identity!.entry;
  const { headers } = arrival;
  let head = `${arrival.method} ${arrival.path}${arrival.query} HTTP/1.1\r\nhost: ${upstreamHost}\r\n`;
  let via = VIA;
  let connectionTokens: readonly string[] | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name === 'via') via = `${headers[i + 1]}, ${via}`;
    else if (name === 'connection') connectionTokens = tokensOf(headers[i + 1]!, connectionTokens);
  }
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (NOT_FORWARDED.has(name) || isOurs(name) || connectionTokens?.includes(name)) continue;
    head += `${name}: ${headers[i + 1]}\r\n`;
  }
  if (body.length > 0 || hasContent(arrival.method)) head += `content-length: ${body.length}\r\n`;
  return (
    `${head}via: ${via}\r\n` +
    `forwarded: for=${forwardedNode(arrival.peer)};host="${arrival.authority}";proto=${arrival.scheme}\r\n` +
    `x-forwarded-for: ${arrival.peer}\r\n` +
    `x-forwarded-host: ${arrival.authority}\r\n` +
    `x-forwarded-proto: ${arrival.scheme}\r\n` +
    `x-xingyun-app: ${app.id}\r\n` +
    `x-xingyun-partner: ${partner.id}\r\n` +
    `x-request-id: ${arrival.requestId}\r\n` +
    `traceparent: ${arrival.traceparent}\r\n\r\n`
  );
}

/** RFC 9110 section 8.6: methods that anticipate content say so even when there is none. */
function hasContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

/** Options named by Connection concern this hop only; the ones that every client sends cost nothing. */
function tokensOf(
  value: string,
  known: readonly string[] | undefined,
): readonly string[] | undefined {
  if (value === 'keep-alive' || value === 'close') return known;
  const tokens = value
    .toLowerCase()
    .split(',')
    .map(token => token.trim());
  return known === undefined ? tokens : [...known, ...tokens];
}
