import type { LoadResult } from './load-result.ts';

/** Why a run ends with status 1 and is neither recorded nor reported; undefined where it stands. */
export function refusalOf({ generator }: Pick<LoadResult, 'generator'>): string | undefined {
  const { limited } = generator;
  if (limited.length === 0) return undefined;
  return `refused: ${limited.join('; ')}. Nothing is recorded.`;
}
