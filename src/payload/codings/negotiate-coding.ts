/** Which coding an answer gets: RFC 9110, section 12.5.3. */
import { parseWeighted } from '../weighted-list.ts';
import type { ContentCoding } from './content-codings.ts';

/** Smaller bodies fit into one packet anyway. */
export const ENCODE_MIN_BYTES = 1_024;

/** By what a byte costs the worker and the line. */
const PREFERRED = ['zstd', 'br', 'gzip'] as const;

/**
 * The coding that `acceptEncoding` weighs most, of equals the cheapest; 'identity' where it prefers
 * none, says nothing, or the body is small; undefined where it refuses even `identity`.
 */
export function negotiateCoding(
  acceptEncoding: string | undefined,
  bodyBytes: number,
): ContentCoding | 'identity' | undefined {
  if (acceptEncoding === undefined || acceptEncoding.trim() === '') return 'identity';
  const weights = new Map<string, number>();
  for (const { name, weight } of parseWeighted(acceptEncoding)) {
    const known = name === 'x-gzip' ? 'gzip' : name;
    weights.set(known, Math.max(weight, weights.get(known) ?? 0));
  }
  const others = weights.get('*');
  // Without a word about it, `identity` is taken, though anything that is named comes first.
  const identity = weights.get('identity') ?? (others === 0 ? 0 : undefined);
  if (bodyBytes < ENCODE_MIN_BYTES && identity !== 0) return 'identity';
  let best: ContentCoding | undefined;
  let bestWeight = 0;
  for (const coding of PREFERRED) {
    const weight = weights.get(coding) ?? others ?? 0;
    if (weight <= bestWeight) continue;
    best = coding;
    bestWeight = weight;
  }
  if (best !== undefined && bestWeight >= (identity ?? 0)) return best;
  return identity === 0 ? undefined : 'identity';
}
