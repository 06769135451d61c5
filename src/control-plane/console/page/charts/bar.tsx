/** A share as the length of a bar, beside a figure that says the same. */
import type { SeriesColour } from './colours.ts';

interface Props {
  /** From 0 to 1. */
  readonly share: number;
  /** Where it begins, from 0 to 1. */
  readonly from?: number;
  readonly colour?: SeriesColour | 'alarm';
}

export function Bar({ share, from = 0, colour = 's1' }: Props) {
  const start = Math.min(1, Math.max(0, from));
  const length = Math.min(1 - start, Math.max(0, share));
  return (
    <span class="bar" aria-hidden="true">
      {length > 0 && (
        <span
          class={`fill ${colour}`}
          style={{ marginInlineStart: `${start * 100}%`, inlineSize: `${length * 100}%` }}
        />
      )}
    </span>
  );
}
