/** The figures of the last second, large. */
import { NO_FIGURE } from '../figures.ts';
import { useLive, useWording } from '../state/console-state.ts';
import { perSecond } from './traffic-lines.ts';

interface KeyFigure {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly isBad?: boolean;
}

export function KeyFigureStrip() {
  const { texts } = useWording();
  const { freshness } = useLive();
  const items = useKeyFigures();
  const look = freshness === 'fresh' ? '' : 'old';
  return (
    <section class={`strip ${look}`} aria-label={texts.overview.keyFigures}>
      <dl>
        {items.map(({ label, value, note, isBad }) => (
          <div key={label} class={isBad ? 'bad' : undefined}>
            <dt>
              {label}
              {note !== undefined && <span class="note">{note}</span>}
            </dt>
            <dd>
              <Figure text={value} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** A figure and, smaller, its unit. */
export function Figure({ text }: { readonly text: string }) {
  const at = text.lastIndexOf(' ');
  if (at < 0) return <span class="big">{text}</span>;
  return (
    <span class="big">
      {text.slice(0, at)}
      <span class="unit"> {text.slice(at + 1)}</span>
    </span>
  );
}

function useKeyFigures(): readonly KeyFigure[] {
  const { texts, figures } = useWording();
  const frame = useLive().frames.at(-1);
  const of = texts.overview;
  const latencies = ['p50', 'p99', 'p99.9', of.max];
  if (frame === undefined) {
    const labels = [of.rate, of.goodput, of.refused, ...latencies, of.inFlight];
    return labels.map(label => ({ label, value: NO_FIGURE }));
  }
  const { traffic } = frame;
  const { latency } = traffic;
  const refused = Object.values(traffic.problems).reduce((total, count) => total + count, 0);
  const share = (count: number) =>
    figures.share(traffic.exchanges === 0 ? 0 : count / traffic.exchanges);
  const durations = [latency.p50, latency.p99, latency.p999, latency.max];
  return [
    { label: of.rate, value: figures.rate(perSecond(traffic, traffic.exchanges)) },
    {
      ...{ label: of.goodput, value: figures.rate(perSecond(traffic, traffic.good)) },
      note: share(traffic.good),
    },
    {
      ...{ label: of.refused, value: figures.rate(perSecond(traffic, refused)) },
      ...{ note: share(refused), isBad: refused * 20 > traffic.exchanges },
    },
    ...latencies.map((label, index) => ({
      label,
      value: latency.count === 0 ? NO_FIGURE : figures.ms(durations[index]),
    })),
    { label: of.inFlight, value: figures.shortCount(frame.exchangesInFlight) },
    { label: of.connections, value: figures.shortCount(frame.connections) },
    { label: of.sessions, value: figures.shortCount(frame.sessions) },
    { label: of.memory, value: figures.bytes(frame.rssBytes) },
  ];
}
