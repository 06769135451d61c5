/** A small distribution as columns, each with its own label and figure. */
interface Item {
  readonly label: string;
  readonly count: number;
  readonly shown: string;
}

interface Props {
  readonly title: string;
  readonly unit: string;
  readonly items: readonly Item[];
}

/** More do not stand beside something else. */
const NARROW_MAX = 7;

export function Columns({ title, unit, items }: Props) {
  const max = Math.max(1, ...items.map(({ count }) => count));
  return (
    <figure class={`columns ${items.length > NARROW_MAX ? 'wide' : ''}`}>
      <figcaption>
        {title} <span class="hint">{unit}</span>
      </figcaption>
      <ul>
        {items.map(({ label, count, shown }) => (
          <li key={label}>
            <span class="count">{shown}</span>
            <span class="column" aria-hidden="true">
              <span class="fill s1" style={{ blockSize: `${(count / max) * 100}%` }} />
            </span>
            <span class="label">{label}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
