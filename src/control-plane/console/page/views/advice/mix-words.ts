import type { MixShares } from '../../../../../planning/advice-answer.ts';
import type { Wording } from '../../state/console-state.ts';

const NO_BREAK_SPACE = '\u00a0';

/** `rsa 70 %, es256 30 %`. */
export function mixWords(mix: MixShares, { texts, figures }: Wording): string {
  const names: Readonly<Record<string, string>> = texts.advice.kinds;
  return Object.entries(mix)
    .map(([kind, share]) => `${names[kind] ?? kind} ${figures.share(share)}`)
    .map(words => words.replaceAll(' ', NO_BREAK_SPACE))
    .join(', ');
}
