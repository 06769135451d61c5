import type { Exchange } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';

/** `application/json`, or what is JSON by its name (RFC 6839 section 3.1), whatever follows. */
const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.-]+\+)?json[\t ]*(?:;|$)/i;
const NO_CODING = /^(?:identity)?$/i;

/** Says why the body of a call cannot be read, as far as its fields tell. */
export function unreadableBody(exchange: Exchange): Problem | undefined {
  if (exchange.body.length === 0) {
    return problem('payload-invalid', 'The operation takes a body, and there is none.');
  }
  if (!NO_CODING.test(exchange.header('content-encoding') ?? '')) {
    return problem('payload-media-type', 'The operation takes a body without content coding.');
  }
  // The messages of a session need not say what they all are.
  const contentType = exchange.header('content-type');
  const isJson =
    contentType === undefined
      ? exchange.arrival.session !== undefined
      : JSON_TYPE.test(contentType);
  if (isJson) return undefined;
  return problem('payload-media-type', 'The operation takes application/json.');
}
