// Receives an exchange with its body, before anybody asks who calls.
// Adds the whole answer where the path is one of the authorization server's; others pass.
// May refuse with body-too-large, overloaded, nonce-store-full, nonce-store-unavailable.
import {
  AUTHORIZATION_BODY_MAX_BYTES,
  AUTHORIZATION_FIELDS,
  AUTHORIZATION_PATHS,
  type AuthorizationAsk,
  type AuthorizationReply,
  type AuthorizationRequest,
} from '../../core/authorization.ts';
import { type Exchange, PENDING, type StepResult } from '../../core/exchange.ts';
import { problem } from '../../core/problems.ts';
import type { NonceClaims } from '../../stores/contracts.ts';
import { PendingAnswer } from './pending-answer.ts';

export interface AuthorizationDoorOptions {
  /** Hands it to the main thread, which answers with {@link AuthorizationDoor.take}. */
  readonly ask: (ask: number, request: AuthorizationAsk) => void;
  readonly nonces: NonceClaims;
  readonly inFlightMax: number;
}

/** The main thread answers within a millisecond; where it hangs, nobody waits for it for ever. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Where requests to the authorization server leave this front and its answers come in: keys that
 * sign tokens are in the main thread alone, and so is what it costs to use them.
 */
export class AuthorizationDoor {
  private readonly options: AuthorizationDoorOptions;
  private readonly pending = new Map<number, PendingAnswer>();
  private asked = 0;

  constructor(options: AuthorizationDoorOptions) {
    this.options = options;
  }

  serve(exchange: Exchange): StepResult {
    if (!AUTHORIZATION_PATHS.has(exchange.arrival.path)) return undefined;
    if (exchange.body.length > AUTHORIZATION_BODY_MAX_BYTES) {
      const detail = `A body has at most ${AUTHORIZATION_BODY_MAX_BYTES} bytes here.`;
      return problem('body-too-large', detail);
    }
    if (this.pending.size >= this.options.inFlightMax) {
      return problem('overloaded', 'Too many requests to the authorization server are in flight.');
    }
    const ask = ++this.asked;
    const { nonces } = this.options;
    const timer = setTimeout(() => answer.expire(), ANSWER_TIMEOUT_MS);
    const answer = new PendingAnswer({
      exchange,
      nonces,
      askAgain: claimed => this.options.ask(ask, claimed),
      onOver: () => {
        clearTimeout(timer);
        this.pending.delete(ask);
      },
    });
    this.pending.set(ask, answer);
    exchange.source = answer;
    this.options.ask(ask, requestOf(exchange, nonces.acceptCreatedAfterMs));
    return PENDING;
  }

  /** What the main thread answers; the exchange may be over by then. */
  take(ask: number, reply: AuthorizationReply): void {
    this.pending.get(ask)?.take(reply);
  }
}

function requestOf({ arrival, body }: Exchange, acceptIssuedAfterMs: number): AuthorizationRequest {
  const { method, path, peer, clientCertificate: certificate } = arrival;
  const headers: string[] = [];
  for (let i = 0; i < arrival.headers.length; i += 2) {
    const name = arrival.headers[i]!;
    if (AUTHORIZATION_FIELDS.has(name)) headers.push(name, arrival.headers[i + 1]!);
  }
  // A message clones the whole buffer that a view lies in.
  const copied = new Uint8Array(body);
  return { method, path, headers, body: copied, peer, certificate, acceptIssuedAfterMs };
}
