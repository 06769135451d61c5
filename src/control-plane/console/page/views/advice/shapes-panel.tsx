/** The threads that there are beside those that are asked for. */
import type { ComponentChildren } from 'preact';
import type { AdviceAnswer, ShapeAdvice } from '../../../../../planning/advice-answer.ts';
import { Bar } from '../../charts/bar.tsx';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { useWording, type Wording } from '../../state/console-state.ts';
import { mixWords } from './mix-words.ts';

export interface AnswerProps {
  readonly answer: AdviceAnswer;
  /** `old` while it is of another question. */
  readonly look: string;
}

export function ShapesPanel({ answer, look }: AnswerProps) {
  const wording = useWording();
  const { texts, figures } = wording;
  const of = texts.advice;
  const { terms, present, asked } = answer;
  const rows = comparedRows(wording, terms.utilizationMax).map(({ label, cell }) => [
    ...[label, cell(present), cell(asked)],
  ]);
  const columns = [
    { label: of.figure },
    ...[of.present, of.asked].map(label => ({ label, isFigure: true })),
  ];
  return (
    <Panel title={of.compared} look={look}>
      <p class="hint">{of.comparedHint(figures.rate(terms.rate), mixWords(terms.mix, wording))}</p>
      <DataTable caption={of.compared} columns={columns} rows={rows} />
    </Panel>
  );
}

interface ComparedRow {
  readonly label: string;
  readonly cell: (advice: ShapeAdvice) => ComponentChildren;
}

function comparedRows({ texts, figures }: Wording, utilizationMax: number): readonly ComparedRow[] {
  const of = texts.advice;
  const busy = (share: number) => (
    <span class="with-bar">
      <Bar share={share} colour={share > utilizationMax ? 'alarm' : 's1'} />
      <span>{figures.share(share)}</span>
    </span>
  );
  return [
    { label: of.fronts, cell: ({ fronts }) => figures.count(fronts) },
    { label: of.workers, cell: ({ workers }) => figures.count(workers) },
    { label: of.cores, cell: ({ cores }) => figures.count(cores) },
    {
      label: of.p99,
      cell: ({ one }) => (one.p99Ms === null ? of.tooMuch : figures.ms(one.p99Ms)),
    },
    { label: of.frontBusy, cell: ({ one }) => busy(one.frontUtilization) },
    { label: of.workerBusy, cell: ({ one }) => busy(one.workerUtilization) },
    { label: of.hostBusy, cell: ({ one }) => busy(one.hostUtilization) },
    { label: of.batch, cell: ({ one }) => figures.decimal(one.batchSize, 1) },
    {
      label: of.hostsNeeded,
      cell: ({ needed }) => (needed === null ? NO_FIGURE : figures.count(needed.hosts)),
    },
  ];
}
