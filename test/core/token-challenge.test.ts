import { expect, it } from 'vitest';
import { proofChallenge, tokenChallenge } from '../../src/core/token-challenge.ts';

const WRONG = 'error="invalid_token"';
const DPOP = 'DPoP algs="ES256 PS256 EdDSA"';

it.each([
  [undefined, `Bearer ${WRONG}, ${DPOP}`],
  ['Bearer t', `Bearer ${WRONG}, ${DPOP}`],
  ['DPoP t', `${DPOP}, ${WRONG}`],
  ['dpop t', `${DPOP}, ${WRONG}`],
])('tells the scheme of Authorization %j what is wrong', (authorization, challenge) => {
  expect(tokenChallenge(authorization, WRONG)).toBe(challenge);
});

it('tells of proofs to DPoP alone', () => {
  expect(proofChallenge(WRONG)).toBe(`${DPOP}, ${WRONG}`);
});
