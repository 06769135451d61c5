import { type Problem, problem } from '../../../core/problems.ts';
import type { KeyRecord } from '../../../core/snapshot.ts';
import { refuseNonceForm } from '../nonces.ts';
import type { SignatureParameters } from './signature-parameters.ts';

/** Parameters that are known to hold what the gateway asks of every signature. */
export interface RequiredParameters {
  readonly created: number;
  readonly expires: number | undefined;
  readonly nonce: string;
}

/**
 * The parameters as the gateway needs them: `created` and `nonce` are there, `alg` agrees with
 * the key. `signature-coverage` where one is missing, because the fields themselves are in order.
 */
export function requireParameters(
  parameters: SignatureParameters,
  key: KeyRecord,
): RequiredParameters | Problem {
  const { created, expires, nonce, alg, fault } = parameters;
  if (fault !== '') return problem('signature-malformed', fault);
  if (alg !== undefined && alg !== key.algorithm) {
    return problem('signature-algorithm', `The key is registered for ${key.algorithm}.`);
  }
  if (created === undefined) {
    return problem('signature-coverage', 'The signature lacks the parameter created.');
  }
  if (expires !== undefined && expires < created) {
    return problem('signature-malformed', 'expires lies before created.');
  }
  if (nonce === undefined) {
    return problem('signature-coverage', 'The signature lacks the parameter nonce.');
  }
  return refuseNonceForm(nonce) ?? { created, expires, nonce };
}
