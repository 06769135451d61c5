/** The pool of one front: what waits, what is served, who uses it. */
import type { PoolFigures, TrafficFigures } from '../../../../telemetry/live-frame.ts';
import { Bar } from '../charts/bar.tsx';
import { Panel } from '../charts/chart-card.tsx';
import { Columns } from '../charts/columns.tsx';
import { DataTable } from '../charts/data-table.tsx';
import { NO_FIGURE } from '../figures.ts';
import { useWording } from '../state/console-state.ts';
import { Figure } from './key-figure-strip.tsx';
import { perSecond } from './traffic-lines.ts';

/** Columns that are there also where all batches are small. */
const SIZES_SHOWN_MIN = 6;

/** Eleven of them stand beside each other on a phone. */
function sizeName(jobsMax: number): string {
  if (jobsMax <= 2) return `${jobsMax}`;
  return jobsMax < 1_024 ? `≤${jobsMax}` : `≤${jobsMax / 1_024}k`;
}

interface Props {
  readonly pool: PoolFigures;
  readonly traffic: TrafficFigures;
}

export function PoolPanel({ pool, traffic }: Props) {
  const { texts, figures } = useWording();
  const of = texts.threads;
  const rate = (count: number) => figures.rate(perSecond(traffic, count));
  const items = [
    [of.workers, figures.count(pool.workers)],
    [of.queue, `${figures.count(pool.queueLength)} ${of.jobs}`],
    [of.pooled, rate(pool.jobs)],
    [of.batches, rate(pool.batches)],
    [
      of.jobsPerBatch,
      pool.batches === 0 ? NO_FIGURE : `${figures.decimal(pool.jobs / pool.batches, 1)} ${of.jobs}`,
    ],
  ] as const;
  const shownSizes = Math.max(
    SIZES_SHOWN_MIN,
    pool.batchSizes.findLastIndex(count => count > 0) + 1,
  );
  const sizes = pool.batchSizes.slice(0, shownSizes).map((count, index) => ({
    ...{ label: sizeName(2 ** index), count, shown: figures.tinyCount(count) },
  }));
  return (
    <Panel title={of.pool(`${pool.front}`)} isLive>
      <dl class="facts">
        {items.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <Figure text={value} />
            </dd>
          </div>
        ))}
      </dl>
      <div class="pool-parts">
        <WaitAndService pool={pool} />
        <Columns title={of.batchSizes} unit={of.jobsPerBatch} items={sizes} />
      </div>
      <Lanes pool={pool} />
    </Panel>
  );
}

function WaitAndService({ pool }: { readonly pool: PoolFigures }) {
  const { texts, figures } = useWording();
  const of = texts.threads;
  const { jobs, meanWait, meanService } = pool;
  const longest = Math.max(meanWait, meanService, 1e-9);
  const rows = [
    [of.wait, meanWait, 's2'],
    [of.service, meanService, 's1'],
  ] as const;
  return (
    <figure class="wait">
      <figcaption>{of.waitService}</figcaption>
      <dl>
        {rows.map(([label, ms, colour]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <Bar share={ms / longest} colour={colour} />
              <span class="value">{jobs === 0 ? NO_FIGURE : figures.ms(ms)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}

function Lanes({ pool: { lanes } }: { readonly pool: PoolFigures }) {
  const { texts, figures } = useWording();
  const of = texts.threads;
  if (lanes.length === 0) return <p class="hint">{of.noLanes}</p>;
  const rows = lanes.map(({ app, waiting, share }) => [
    app,
    `${figures.count(waiting)} ${of.jobs}`,
    <span key="share" class="with-bar">
      <Bar share={share} />
      <span>{figures.share(share)}</span>
    </span>,
  ]);
  const columns = [
    { label: of.app },
    { label: of.waiting, isFigure: true },
    { label: of.serviceShare, isFigure: true },
  ];
  return <DataTable caption={of.lanes} columns={columns} rows={rows} showsCaption />;
}
