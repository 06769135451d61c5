// Receives: an exchange whose signature, where it has one, was verified; its canonical path.
// Adds: the target, that is the operation, the upstream and the app's grant for its API.
// May refuse: signature-missing, malformed-request, not-found, method-not-allowed, not-*, scope-*.
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Exchange, Identity, Step } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { Grant, OperationEntry } from '../../core/snapshot.ts';
import { STAGE } from '../../core/stages.ts';
import { tokenChallenge } from '../../core/token-challenge.ts';

export { compileDelta } from './compile-delta.ts';
export { compileSnapshot, compileSnapshotSliced } from './compile-snapshot.ts';
export { freezeSnapshot, isWorn, renewFrozen, renewSnapshot } from './renew-snapshot.ts';
export { ROUTE_SEGMENTS_MAX } from './segment-words.ts';
export { SnapshotSwapper, type SwapFailure } from './snapshot-swapper.ts';

const WITHOUT_CONTENT = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Decides what is called and whether this app may; adds its time to the policy stage. */
export function createRouteStep(clock: Clock = systemClock): Step {
  return exchange => {
    const startedMs = clock.monotonicMs();
    const refusal = assignTarget(exchange);
    exchange.stageMs[STAGE.policy]! += clock.monotonicMs() - startedMs;
    return refusal;
  };
}

function assignTarget(exchange: Exchange): Problem | undefined {
  const { snapshot, method, path } = exchange.arrival;
  const { identity } = exchange;
  const found = snapshot.find(method, path);
  if ('operation' in found && found.operation.access === 'public') {
    if (identity === undefined) {
      exchange.target = { entry: found, upstream: found.upstream, grant: undefined };
      return refuseContent(exchange);
    }
    return assign(exchange, found, identity, undefined);
  }
  // Before anything else: what is published here is not told to a caller who is nobody.
  if (identity === undefined) {
    return problem(
      'signature-missing',
      'The request carries neither a signature nor a token that counts.',
    );
  }
  if (!('operation' in found)) return found;
  const grant = snapshot.grant(identity.entry.app.id, found.api.id);
  if (grant === undefined) {
    return problem('not-subscribed', `The app has no active subscription to ${found.api.id}.`);
  }
  for (const scope of found.operation.scopes) {
    if (!grant.scopes.has(scope)) {
      return problem('scope-insufficient', `The subscription lacks the scope ${scope}.`);
    }
    if (identity.scopes?.has(scope) === false) {
      const wrong = `error="insufficient_scope", scope="${scope}"`;
      const challenge = tokenChallenge(exchange.header('authorization'), wrong);
      const detail = `The token lacks the scope ${scope}.`;
      return problem('scope-insufficient', detail, ['www-authenticate', challenge]);
    }
  }
  if (found.operation.messageSignature === 'required') {
    if (identity.viaSession) {
      return problem(
        'signature-missing',
        'This operation needs a signature in the message itself.',
      );
    }
    if (identity.scheme === 'token') {
      return problem(
        'signature-missing',
        'This operation needs a signature; a token is not enough.',
      );
    }
  }
  return assign(exchange, found, identity, grant);
}

/** A sandbox app never reaches what is real, whatever else it may do. */
function assign(
  exchange: Exchange,
  entry: OperationEntry,
  { entry: { app } }: Identity,
  grant: Grant | undefined,
): Problem | undefined {
  const upstream = app.environment === 'sandbox' ? entry.sandboxUpstream : entry.upstream;
  if (upstream === undefined) {
    const detail = `${entry.api.id} has no sandbox, and ${app.id} is a sandbox app.`;
    return problem('not-subscribed', detail);
  }
  exchange.target = { entry, upstream, grant };
  return undefined;
}

/**
 * RFC 9110 section 9.3.1: content of a GET has no meaning, and a server that does not read it takes
 * it for the next request. Nobody answers for a call without a signature, so it brings none.
 */
function refuseContent({ arrival, body }: Exchange): Problem | undefined {
  if (body.length === 0 || !WITHOUT_CONTENT.has(arrival.method)) return undefined;
  return problem('malformed-request', 'A call without a signature sends no body with this method.');
}
