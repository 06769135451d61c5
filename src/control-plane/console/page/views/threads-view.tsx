/** Every thread, and what the pools make of their work. */
import { useMemo, useRef } from 'preact/hooks';
import type { LiveFrame, ThreadFigures } from '../../../../telemetry/live-frame.ts';
import { Bar } from '../charts/bar.tsx';
import { Panel } from '../charts/chart-card.tsx';
import { DataTable } from '../charts/data-table.tsx';
import { LineChart } from '../charts/line-chart.tsx';
import { NO_FIGURE } from '../figures.ts';
import { useLive, useWording } from '../state/console-state.ts';
import { PoolPanel } from './pool-panel.tsx';

/** As live-frame.ts says of `sampledAtMs`. */
const SILENT_AFTER_MS = 3_000;
const SHOWN_MS = 300_000;
const SHOWN_MIN_MS = 60_000;
const BUSY_SHARE = 0.9;

export function ThreadsView() {
  const { texts } = useWording();
  const frame = useLive().frames.at(-1);
  if (frame === undefined) return <p class="hint">{texts.live.waiting}</p>;
  return (
    <>
      <Panel title={texts.threads.title} isLive>
        <ThreadTable frame={frame} />
      </Panel>
      <ThreadCharts />
      {frame.pools.length === 0 && <p class="hint">{texts.threads.noPools}</p>}
      <div class="pools">
        {frame.pools.map(pool => (
          <PoolPanel key={pool.front} pool={pool} traffic={frame.traffic} />
        ))}
      </div>
    </>
  );
}

/** Each front with its workers behind it, however they were started. */
function inOrder(threads: readonly ThreadFigures[]): readonly ThreadFigures[] {
  const rank = ({ kind }: ThreadFigures) => (kind === 'main' ? 0 : 1);
  return threads.toSorted(
    (one, other) =>
      rank(one) - rank(other) || one.name.localeCompare(other.name, 'en', { numeric: true }),
  );
}

function ThreadTable({ frame }: { readonly frame: LiveFrame }) {
  const { texts, figures } = useWording();
  const of = texts.threads;
  const delay = (ms: number | null) => (ms === null ? NO_FIGURE : figures.ms(ms));
  const share = (value: number | null) => {
    if (value === null) return NO_FIGURE;
    return (
      <span class="with-bar">
        <Bar share={value} colour={value > BUSY_SHARE ? 'alarm' : 's1'} />
        <span>{figures.share(value)}</span>
      </span>
    );
  };
  const state = ({ sampledAtMs }: ThreadFigures) => {
    const ageMs = frame.traffic.toMs - sampledAtMs;
    if (ageMs <= SILENT_AFTER_MS) return <span class="badge ok">{of.running}</span>;
    return <span class="badge firing">{of.silent(figures.age(ageMs))}</span>;
  };
  const rows = inOrder(frame.threads).map(thread => [
    thread.name,
    of.kinds[thread.kind],
    share(thread.cpu),
    share(thread.utilization),
    delay(thread.delayP99),
    delay(thread.delayMax),
    figures.bytes(thread.heapUsedBytes),
    figures.count(thread.restarts),
    state(thread),
  ]);
  const numbers = [of.cpu, of.utilization, of.delayP99, of.delayMax, of.heap, of.restarts];
  const columns = [
    { label: of.name },
    { label: of.kind },
    ...numbers.map(label => ({ label, isFigure: true })),
    { label: of.state },
  ];
  return <DataTable caption={of.title} columns={columns} rows={rows} />;
}

function ThreadCharts() {
  const { texts, figures } = useWording();
  const { frames } = useLive();
  const of = texts.threads;
  const drawnNames = useRef<readonly string[]>([]);
  const drawn = useMemo(() => pointsOf(frames, drawnNames.current), [frames]);
  drawnNames.current = drawn.names;
  const { timesMs, fromMs, toMs, cpu, queue, wait, service } = drawn;
  const time = { timesMs, fromMs, toMs, isLive: true };
  const queueLines = useMemo(
    () => queue.map(({ front, points }) => ({ label: of.pool(`${front}`), points })),
    [queue, of],
  );
  const waitLines = useMemo(
    () => [
      { label: of.wait, points: wait },
      { label: of.service, points: service },
    ],
    [wait, service, of],
  );
  const isMore = cpu.length < (frames.at(-1)?.threads.length ?? 0);
  const jobs = (value: number) => `${figures.count(value)} ${of.jobs}`;
  return (
    <div class="charts thirds">
      <LineChart
        {...time}
        title={isMore ? of.cpuOfBusiest(figures.count(cpu.length)) : of.cpuOverTime}
        lines={cpu}
        shown={value => figures.share(value)}
        marked={value => figures.share(value)}
      />
      <LineChart
        {...time}
        title={of.queueOverTime}
        lines={queueLines}
        shown={jobs}
        marked={value => (Number.isInteger(value) ? jobs(value) : '')}
      />
      <LineChart
        {...time}
        title={of.waitOverTime}
        lines={waitLines}
        shown={value => figures.ms(value)}
        marked={value => figures.msMark(value)}
      />
    </div>
  );
}

/** The busiest that have a line of their own. */
const CPU_LINES_MAX = 6;

function pointsOf(all: readonly LiveFrame[], before: readonly string[]) {
  const toMs = all.at(-1)?.traffic.toMs ?? 0;
  const frames = all.filter(({ traffic }) => traffic.toMs > toMs - SHOWN_MS);
  const firstMs = frames[0]?.traffic.fromMs ?? toMs;
  const fromMs = Math.min(firstMs, toMs - SHOWN_MIN_MS);
  const latest = frames.at(-1);
  const names = busiest(frames, before);
  const cpu = names.map(name => ({
    label: name,
    points: frames.map(({ threads }) => threads.find(one => one.name === name)?.cpu ?? null),
  }));
  const fronts = (latest?.pools ?? []).map(({ front }) => front).slice(0, CPU_LINES_MAX);
  const queue = fronts.map(front => ({
    front,
    points: frames.map(({ pools }) => pools.find(one => one.front === front)?.queueLength ?? null),
  }));
  const mean = (key: 'meanWait' | 'meanService') => frames.map(frame => meanOf(frame, key));
  return {
    ...{ timesMs: frames.map(({ traffic }) => traffic.toMs), fromMs, toMs, names, cpu, queue },
    ...{ wait: mean('meanWait'), service: mean('meanService') },
  };
}

/** By so much another must be busier to take a line: lines do not come and go each second. */
const TAKES_OVER_AT = 1.25;

/**
 * Of the threads that are there now, those that used most CPU, in the order of the table.
 * @param before those that had a line
 */
function busiest(frames: readonly LiveFrame[], before: readonly string[]): readonly string[] {
  const used = new Map<string, number>();
  for (const { threads } of frames) {
    for (const { name, cpu } of threads) used.set(name, (used.get(name) ?? 0) + cpu);
  }
  const names = inOrder(frames.at(-1)?.threads ?? []).map(({ name }) => name);
  const rank = (name: string) => used.get(name)! * (before.includes(name) ? TAKES_OVER_AT : 1);
  const first = names.toSorted((one, other) => rank(other) - rank(one)).slice(0, CPU_LINES_MAX);
  return names.filter(name => first.includes(name));
}

/** Of all jobs of all pools in a second. */
function meanOf({ pools }: LiveFrame, key: 'meanWait' | 'meanService'): number | null {
  let jobs = 0;
  let sum = 0;
  for (const pool of pools) {
    jobs += pool.jobs;
    sum += pool[key] * pool.jobs;
  }
  return jobs === 0 ? null : sum / jobs;
}
