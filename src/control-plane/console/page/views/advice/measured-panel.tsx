/** What the gateway sees of itself, and what the model says of the same. */
import type { AdviceAnswer } from '../../../../../planning/advice-answer.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { useWording, type Wording } from '../../state/console-state.ts';
import { Figure } from '../key-figure-strip.tsx';
import { mixWords } from './mix-words.ts';

interface Props {
  readonly answer: AdviceAnswer;
}

export function MeasuredPanel({ answer }: Props) {
  const wording = useWording();
  const { texts, figures } = wording;
  const of = texts.advice;
  const { measured } = answer;
  const { state, calls, seconds, callsMin, shape, mix } = measured;
  const length = figures.seconds(seconds * 1_000);
  const micros = (value: number | null) => (value === null ? NO_FIGURE : figures.micros(value));
  const facts = [
    [of.arrivals, figures.rate(measured.rate)],
    [of.frontMicros, micros(measured.frontMicros)],
    [of.workerMicros, micros(measured.workerMicros)],
    [of.upstreamP99, figures.ms(measured.upstreamP99Ms)],
  ] as const;
  const counts = [shape.fronts, shape.workers, shape.cores].map(count => figures.count(count));
  const [fronts = '', workers = '', cores = ''] = counts;
  return (
    <Panel
      title={of.measured}
      tools={
        <span class={`badge ${state === 'measured' ? 'ok' : 'pending'}`}>{of.state[state]}</span>
      }
    >
      {state === 'too-few-calls' && (
        <p class="notice">{of.tooFew(figures.count(calls), length, figures.count(callsMin))}</p>
      )}
      <dl class="facts wide-facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <Figure text={value} />
            </dd>
          </div>
        ))}
      </dl>
      <dl class="facts word-facts">
        <div>
          <dt>{of.mix}</dt>
          <dd>{mix === null ? NO_FIGURE : mixWords(mix, wording)}</dd>
        </div>
        <div>
          <dt>{of.threads}</dt>
          <dd>{of.shape(fronts, workers, cores)}</dd>
        </div>
      </dl>
      {state === 'measured' && <SeenAndSaid answer={answer} />}
      {state === 'measured' && <p class="hint">{of.window(figures.count(calls), length)}</p>}
    </Panel>
  );
}

function SeenAndSaid({ answer }: Props) {
  const wording = useWording();
  const { texts, figures } = wording;
  const of = texts.advice;
  const { measured, modelled } = answer;
  const rows = [
    [
      ...['p99', figures.ms(measured.p99Ms)],
      modelled.p99Ms === null ? of.tooMuch : figures.ms(modelled.p99Ms),
      factorOf(measured.p99Ms, modelled.p99Ms, wording),
    ],
    busyRow(of.frontBusy, measured.frontUtilization, modelled.frontUtilization, wording),
    busyRow(of.workerBusy, measured.workerUtilization, modelled.workerUtilization, wording),
  ];
  const columns = [
    { label: of.figure },
    ...[of.seen, of.said, of.off].map(label => ({ label, isFigure: true })),
  ];
  return <DataTable caption={`${of.seen}, ${of.said}`} columns={columns} rows={rows} />;
}

function factorOf(seen: number | null, said: number | null, { texts, figures }: Wording): string {
  if (seen === null || said === null || seen === 0) return NO_FIGURE;
  return texts.advice.times(figures.decimal(said / seen, 2));
}

function busyRow(label: string, seen: number | null, said: number, { texts, figures }: Wording) {
  if (seen === null) return [label, NO_FIGURE, figures.share(said), NO_FIGURE];
  const sign = said >= seen ? '+' : '−';
  const points = figures.decimal(Math.abs(said - seen) * 100);
  return [
    ...[label, figures.share(seen), figures.share(said)],
    texts.advice.points(`${sign}${points}`),
  ];
}
