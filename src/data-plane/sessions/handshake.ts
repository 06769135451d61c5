/** What a handshake must bring besides its signature. */
import type { Exchange } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import { SUBPROTOCOLS, type Subprotocol } from '../../core/sessions.ts';

/** The first of the client's subprotocols that we know (RFC 6455 section 4.2.2), or undefined. */
export function chooseSubprotocol(headers: readonly string[]): Subprotocol | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'sec-websocket-protocol') continue;
    for (const offered of headers[i + 1]!.split(',')) {
      const name = offered.trim() as Subprotocol;
      if (SUBPROTOCOLS.includes(name)) return name;
    }
  }
  return undefined;
}

export function refuseHandshake({ arrival, identity }: Exchange): Problem | undefined {
  if (identity === undefined) {
    return problem('signature-missing', 'The handshake carries no signature.');
  }
  if (chooseSubprotocol(arrival.headers) !== undefined) return undefined;
  return problem('subprotocol-unsupported', `Offer ${SUBPROTOCOLS.join(' or ')}.`);
}
