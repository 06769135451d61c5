/** One frame as lines of a terminal. */
import type {
  LaneFigures,
  LiveFrame,
  PoolFigures,
  StageFigures,
  ThreadFigures,
  TrafficFigures,
} from '../../telemetry/live-frame.ts';

const BAR_CELLS = 24;
const SPARKS = '▁▂▃▄▅▆▇█';
const BLOCKS = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const SPARKS_MAX = 60;
const LANES_MAX = 6;
/** A thread that has not told of itself for so long hangs, or was ended. */
const SILENT_AFTER_MS = 3_000;

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export interface TopFacts {
  readonly version: string;
  readonly startedAtMs: number;
}

/**
 * @param frames the last minute, the oldest first; at least one
 * @param size of the terminal: what does not fit is cut
 */
export function drawFrame(
  facts: TopFacts,
  frames: readonly LiveFrame[],
  size: { readonly columns: number; readonly rows: number },
): string[] {
  const frame = frames.at(-1)!;
  const { traffic, threads, pools } = frame;
  const lines = [
    headLine(facts, frame),
    '',
    trafficLine(frame),
    latencyLine(traffic),
    `  ${sparkline(frames.map(rateOf))}`,
    '',
    problemsLine(traffic),
    '',
    ...stageLines(traffic),
    '',
    ...threadLines(threads, traffic.toMs),
    '',
    ...poolLines(pools),
  ];
  return lines.slice(0, size.rows).map(line => [...line].slice(0, size.columns).join(''));
}

function headLine({ version, startedAtMs }: TopFacts, { traffic, rssBytes }: LiveFrame): string {
  const at = new Date(traffic.toMs).toISOString().slice(0, 19).replace('T', ' ');
  const up = duration(traffic.toMs - startedAtMs);
  return `xingyun ${version}   up ${up}   memory ${whole.format(rssBytes / 1e6)} MB   ${at} UTC`;
}

function trafficLine(frame: LiveFrame): string {
  const { traffic, exchangesInFlight, connections, sessions } = frame;
  const { exchanges, good } = traffic;
  const share = exchanges === 0 ? '' : ` (${percent(good / exchanges)})`;
  return [
    `  ${whole.format(rateOf(frame))} calls/s`,
    `good ${whole.format(good)}${share}`,
    `in flight ${whole.format(exchangesInFlight)}`,
    `connections ${whole.format(connections)}`,
    `sessions ${whole.format(sessions)}`,
  ].join('   ');
}

function rateOf({ traffic: { exchanges, fromMs, toMs } }: LiveFrame): number {
  return toMs > fromMs ? (exchanges * 1_000) / (toMs - fromMs) : 0;
}

function latencyLine({ latency: { p50, p90, p99, p999, max } }: TrafficFigures): string {
  const parts = Object.entries({ p50, p90, p99, 'p99.9': p999, max });
  return `  ${parts.map(([name, ms]) => `${name} ${milliseconds(ms)}`).join('   ')} ms`;
}

function problemsLine({ problems }: TrafficFigures): string {
  const most = Object.entries(problems).sort(([, one], [, other]) => other - one);
  if (most.length === 0) return '  nothing refused';
  return `  refused   ${most.map(([name, count]) => `${name} ${whole.format(count)}`).join('   ')}`;
}

function stageLines({ stages, elsewhere, latency }: TrafficFigures): string[] {
  const bar = (ms: number) => blocks(latency.mean === 0 ? 0 : ms / latency.mean);
  const line = ({ stage, meanOfAll, p50, p99 }: StageFigures) =>
    `  ${stage.padEnd(14)}${cell(meanOfAll)}${cell(p50)}${cell(p99)}  ${bar(meanOfAll)}`;
  const heading = `  ${'stage'.padEnd(14)}${rightAligned(['mean ms', 'p50', 'p99'], 9)}`;
  const rest = `  ${'elsewhere'.padEnd(14)}${cell(elsewhere)}${' '.repeat(18)}  ${bar(elsewhere)}`;
  return [heading, ...stages.slice(0, -1).map(line), rest, line(stages.at(-1)!)];
}

function threadLines(threads: readonly ThreadFigures[], nowMs: number): string[] {
  const names = rightAligned(['CPU', 'busy', 'delay p99', 'restarts'], 10);
  const heading = `  ${'thread'.padEnd(20)}${names}`;
  const lines = threads.map(thread => {
    const { name, cpu, utilization, delayP99, restarts, sampledAtMs } = thread;
    const busy = utilization === null ? '' : percent(utilization);
    const delay = delayP99 === null ? '' : `${milliseconds(delayP99)} ms`;
    const figures = rightAligned([percent(cpu), busy, delay, whole.format(restarts)], 10);
    const silent = nowMs - sampledAtMs > SILENT_AFTER_MS ? '   silent' : '';
    return `  ${name.padEnd(20)}${figures}${silent}`;
  });
  return [heading, ...lines];
}

function poolLines(pools: readonly PoolFigures[]): string[] {
  if (pools.length === 0) return ['  no pool has told of itself yet'];
  const names = rightAligned(['workers', 'queue', 'jobs', 'batch', 'wait ms', 'work ms'], 9);
  const heading = `  ${'pool of'.padEnd(10)}${names}   apps that use it`;
  const lines = pools.map(pool => {
    const { front, workers, queueLength, jobs, batches, meanWait, meanService } = pool;
    const batch = batches === 0 ? 0 : jobs / batches;
    const counts = [workers, queueLength, jobs].map(count => whole.format(count));
    const times = [batch.toFixed(1), milliseconds(meanWait), milliseconds(meanService)];
    const figures = rightAligned([...counts, ...times], 9);
    const lanes = pool.lanes.slice(0, LANES_MAX).map(laneText).join(', ');
    return `  ${`front-${front}`.padEnd(10)}${figures}   ${lanes}`;
  });
  return [heading, ...lines];
}

function laneText({ app, waiting, share }: LaneFigures): string {
  return `${app} ${percent(share)}${waiting > 0 ? ` +${waiting}` : ''}`;
}

function rightAligned(cells: readonly string[], width: number): string {
  return cells.map(text => text.padStart(width)).join('');
}

function cell(ms: number): string {
  return milliseconds(ms).padStart(9);
}

/** Three digits and no more than there are. */
function milliseconds(ms: number): string {
  if (ms === 0) return '0';
  if (ms >= 100) return whole.format(ms);
  return ms.toFixed(ms >= 10 ? 1 : ms >= 1 ? 2 : 3);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function sparkline(values: readonly number[]): string {
  const shown = values.slice(-SPARKS_MAX);
  const most = Math.max(...shown);
  if (most === 0) return SPARKS[0]!.repeat(shown.length);
  return shown.map(value => SPARKS[Math.round((value / most) * (SPARKS.length - 1))]).join('');
}

function blocks(share: number): string {
  const eighths = Math.round(Math.min(share, 1) * BAR_CELLS * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (eighths % 8 === 0 ? '' : BLOCKS[eighths % 8]);
}
