/** What a refused access token is told to be sent as (RFC 6750 section 3, RFC 9449 section 7.1). */

/** Those of FAPI 2.0 Security Profile section 5.4.1, which proofs are read by. */
const DPOP = 'DPoP algs="ES256 PS256 EdDSA"';

/**
 * `parameters` say what is wrong, to the scheme by which the token came: that of `authorization`,
 * the request's own field. To a bearer the other scheme is named as well (RFC 9449 section 7.2).
 */
export function tokenChallenge(authorization: string | undefined, parameters: string): string {
  if (authorization !== undefined && /^DPoP /i.test(authorization))
    return proofChallenge(parameters);
  return `Bearer ${parameters}, ${DPOP}`;
}

/** Whatever is wrong with a proof. */
export function proofChallenge(parameters: string): string {
  return `${DPOP}, ${parameters}`;
}
