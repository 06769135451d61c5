import { type Problem, problem } from '../../../core/problems.ts';
import type { KeyRecord } from '../../../core/snapshot.ts';
import { NONCE_MAX_CHARS, NONCE_MIN_CHARS } from './limits.ts';
import type { SignatureParameters } from './signature-parameters.ts';

const NONCE = new RegExp(`^[\\x21-\\x7e]{${NONCE_MIN_CHARS},${NONCE_MAX_CHARS}}$`);

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
  if (!NONCE.test(nonce)) {
    const range = `${NONCE_MIN_CHARS} to ${NONCE_MAX_CHARS}`;
    return problem('signature-malformed', `A nonce has ${range} visible ASCII characters.`);
  }
  return { created, expires, nonce };
}
