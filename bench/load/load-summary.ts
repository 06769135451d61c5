/** A run as text for people. */
import { PIPELINED } from '../rig/gateway-files.ts';
import { formatOf, type LoadResult, type Percentiles } from './load-result.ts';
import type { LoadShape } from './load-shape.ts';

const LABEL_COLUMNS = 26;
const { connectionsMax, pipeliningMax } = PIPELINED;
const PIPELINED_TEXT = `connectionsMax ${connectionsMax}, pipeliningMax ${pipeliningMax}`;

export function loadSummary(result: LoadResult): string {
  return [...outcomeLines(result), '', ...latencyLines(result), '', ...costLines(result)]
    .map(line => `${line.trimEnd()}\n`)
    .join('');
}

function row(label: string, text: string): string {
  return label.padEnd(LABEL_COLUMNS) + text;
}

function outcomeLines(result: LoadResult): string[] {
  const { connections, rate, durationSeconds, seed } = result;
  return [
    row('run', `${connections} connections, ${rate}/s, ${callText(result)}`),
    row('', `${durationSeconds} s after ${result.warmUpSeconds} s of warm-up, seed ${seed}`),
    ...configurationLines(result),
    ...(result.pipelined === true ? [row('upstream', PIPELINED_TEXT)] : []),
    row('answered in time', `${result.achievedRate}/s`),
    row('requests due', `${result.requests}, answered ${result.answered}`),
    row('errors', countsText(result.errors)),
    row('connections lost', countsText(result.connectionsLost)),
    row('fewest open', `${result.connectionsOpenMin} of ${connections} connections`),
    row('never sent', `${result.missedSends}`),
    row('no idle connection', `${result.noIdleConnection} sends were late for it`),
  ];
}

/** `rfc9421-rsa POST with 600 B`, and what a session adds to it. */
export function callText(shape: LoadShape): string {
  const { scheme, method, bodyBytes, signsMessages = false } = shape;
  const body = bodyBytes === 0 ? '' : ` with ${bodyBytes} B`;
  const format = formatOf(shape);
  if (format === undefined) return `${scheme} ${method}${body}`;
  const signed = signsMessages ? 'each handshake and call' : 'each handshake';
  return `${method}${body} over WebSocket (${format}), ${scheme} on ${signed}`;
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
    ...othersLines(result),
    row('gateway memory', `${result.rssMb.toFixed(0)} MB`),
    row('commit', result.commit || 'not in git'),
  ];
}

function costOf({ generator }: LoadResult): string {
  return `${generator.cpuMicrosPerRequest}`;
}

function othersLines({ othersShare }: LoadResult): string[] {
  if (othersShare === undefined) return [];
  return [row('others on the machine', `${Math.round(othersShare * 100)} % of its cores`)];
}
