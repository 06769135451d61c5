/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10). */
import type { Limit, LimitClaim } from '../../stores/limit-contract.ts';

const MS_PER_SECOND = 1_000;
const DAY_SECONDS = 86_400;

/**
 * The item of one limit, or none: calls in flight have no place in the field. Of a rate `q` is what
 * may come at once and `w` the seconds in which as much comes back; months are of several lengths.
 */
export function policyItem({ name, rule }: Limit): string[] {
  switch (rule.kind) {
    case 'rate':
      return [`"${name}";q=${rule.burst};w=${Math.max(1, Math.ceil(rule.burst / rule.perSecond))}`];
    case 'quota':
      return [`"${name}";q=${rule.max}${rule.window === 'day' ? `;w=${DAY_SECONDS}` : ''}`];
    case 'concurrency':
      return [];
  }
}

/** Flat name, value pairs; undefined where no limit of the claim tells what is left. */
export function policyFields(claim: LimitClaim, policy: string): readonly string[] | undefined {
  const { tightest, remaining, resetMs } = claim;
  if (tightest === undefined) return undefined;
  const seconds = Math.ceil(resetMs / MS_PER_SECOND);
  const left = `"${tightest.name}";r=${remaining};t=${seconds}`;
  return ['ratelimit-policy', policy, 'ratelimit', left];
}
