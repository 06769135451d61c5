/** A run as text for people. */
import type { LoadResult, Percentiles } from './load-result.ts';

const LABEL_COLUMNS = 26;

export function loadSummary(result: LoadResult): string {
  return [...outcomeLines(result), '', ...latencyLines(result), '', ...costLines(result)]
    .map(line => `${line.trimEnd()}\n`)
    .join('');
}

function row(label: string, text: string): string {
  return label.padEnd(LABEL_COLUMNS) + text;
}

function outcomeLines(result: LoadResult): string[] {
  const { connections, rate, scheme, method, bodyBytes, durationSeconds, seed } = result;
  const body = bodyBytes === 0 ? '' : ` with ${bodyBytes} B`;
  return [
    row('run', `${connections} connections, ${rate}/s, ${scheme} ${method}${body}`),
    row('', `${durationSeconds} s after ${result.warmUpSeconds} s of warm-up, seed ${seed}`),
    ...configurationLines(result),
    row('answered in time', `${result.achievedRate}/s`),
    row('requests due', `${result.requests}, answered ${result.answered}`),
    row('errors', countsText(result.errors)),
    row('connections lost', countsText(result.connectionsLost)),
    row('fewest open', `${result.connectionsOpenMin} of ${connections} connections`),
    row('never sent', `${result.missedSends}`),
    row('no idle connection', `${result.noIdleConnection} sends were late for it`),
  ];
}

/** Whoever reads the figures has to know what was not as it comes. */
function configurationLines({ configuration }: LoadResult): string[] {
  const entries = Object.entries(configuration);
  return entries.map(([option, value], i) =>
    row(i === 0 ? 'not the default' : '', `${option} ${value}`),
  );
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const texts = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`);
  return texts.length === 0 ? 'none' : texts.join(', ');
}

function latencyLines(result: LoadResult): string[] {
  const titles = ['p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max'].map(title => title.padStart(9));
  const line = (label: string, { p50, p90, p99, p999, p9999, max }: Percentiles) =>
    row(label, [p50, p90, p99, p999, p9999, max].map(ms => ms.toFixed(2).padStart(9)).join(''));
  return [
    row('milliseconds', titles.join('')),
    line('latency, from due time', result),
    line('  from actual send', result.fromActualSend),
    line(`  closed loop of ${result.closedLoop.clients}`, result.closedLoop),
    line('generator lag', result.generator.lag),
    line('hiccups, generator', result.hiccup.generator),
    line('hiccups, gateway side', result.hiccup.gatewaySide),
    ...Object.entries(result.stages).map(([stage, times]) => line(`stage ${stage}`, times)),
  ];
}

function costLines(result: LoadResult): string[] {
  const { generator } = result;
  const threads = Object.entries(result.cpuMicrosPerRequest);
  const share = `${Math.round(generator.cpuShareMax * 100)} % of a core`;
  return [
    row('CPU µs per request', threads.map(([name, micros]) => `${name} ${micros}`).join(', ')),
    row('  upstream, generator', `${result.upstreamCpuMicrosPerRequest}, ${costOf(result)}`),
    row('busiest generator', share),
    row('gateway memory', `${result.rssMb.toFixed(0)} MB`),
    row('commit', result.commit || 'not in git'),
  ];
}

function costOf({ generator }: LoadResult): string {
  return `${generator.cpuMicrosPerRequest}`;
}
