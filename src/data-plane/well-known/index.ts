// Receives an exchange that is admitted.
// Adds the answer to whoever asks for what the gateway itself publishes (RFC 8615).
// May refuse nothing.
import { ANSWER_KEYS_PATH } from '../../core/answer-signing.ts';
import { type Exchange, PENDING, type Step } from '../../core/exchange.ts';

/** A partner's cache asks once in this time: a key is published that much before it signs. */
const MAX_AGE_SECONDS = 300;
const OK = 200;

/** Passes every exchange on where nothing is published. */
export function createPublishedStep(jwks: string | undefined): Step {
  if (jwks === undefined) return () => undefined;
  const body = Buffer.from(jwks);
  return exchange => {
    const { method, path } = exchange.arrival;
    if (path !== ANSWER_KEYS_PATH || (method !== 'GET' && method !== 'HEAD')) return undefined;
    answer(exchange, body);
    return PENDING;
  };
}

function answer(exchange: Exchange, body: Uint8Array): void {
  const headers = [
    ...['content-type', 'application/jwk-set+json'],
    ...['cache-control', `public, max-age=${MAX_AGE_SECONDS}`],
  ];
  const hasBody = exchange.arrival.method === 'GET';
  exchange.sink.begin(exchange, OK, headers, body.length, hasBody);
  exchange.sink.end(exchange, hasBody ? body : undefined);
}
