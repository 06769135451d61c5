import type { Config } from '../../core/config.ts';

/** What a schema cannot say of the keys that sign answers. */
export function checkAnswers(
  { answers }: Config,
  report: (option: readonly (string | number)[], message: string) => void,
): void {
  if (answers.sign !== 'never' && answers.keys.length === 0) {
    report(['answers', 'sign'], 'needs a key: list one under answers.keys');
  }
  const seen = new Set<string>();
  for (const [place, { id }] of answers.keys.entries()) {
    if (seen.has(id)) report(['answers', 'keys', place, 'id'], 'is listed twice');
    seen.add(id);
  }
}
