/** A run as text for people. */
import type { PercentilesMs } from '../rig/latency-histogram.ts';
import { type Bar, barsOf, isKept } from './bars.ts';
import type {
  CallLatency,
  CallOutcomes,
  MemoryFigures,
  RegistryResult,
  RevocationFigures,
  WindowFigures,
} from './registry-result.ts';
import type { Times } from './times.ts';

const LABEL_COLUMNS = 48;

export function registryText(result: RegistryResult): string {
  const { apis, operations, partners, apps, fronts, rate, connections, records } = result;
  return [
    `${apis} APIs with ${operations} operations, ${partners} partners, ${apps} apps, ` +
      `${2 * apps} keys: ${records} records; ${fronts} fronts`,
    `${rate} calls/s on ${connections} connections; commit ${result.commit || 'not in git'}`,
    '',
    row('first start, reads the file', `${result.start.firstMs} ms`),
    row('further starts', `${result.start.furtherMs.join(', ')} ms`),
    row('  memory', memoryText(result.memoryAfterStart)),
    '',
    row('a change, in every front', timesText(result.visibility.all)),
    row('  the first after a start', `${result.visibility.firstMs.toFixed(1)} ms`),
    ...Object.entries(result.visibility.kinds).map(([name, times]) => {
      return row(`  ${name}`, timesText(times));
    }),
    '',
    ...revocationLines(result.revocation),
    '',
    ...rebuildLines(result),
    '',
    ...changeLoadLines(result),
    '',
    ...barsOf(result).map(barLine),
    '',
  ].join('\n');
}

function row(label: string, text: string): string {
  return label.padEnd(LABEL_COLUMNS) + text;
}

function revocationLines(revocation: RevocationFigures): string[] {
  const { keys, connectionsByFront, acceptedBefore, acceptedAfter, confirmed } = revocation;
  const lastAccepted = Math.max(...revocation.lastAcceptedMs).toFixed(2);
  const refused = revocation.refusedAfterByFront.join(', ');
  return [
    row(
      'keys revoked in use',
      `${keys}, on ${connectionsByFront.join(' + ')} connections by front`,
    ),
    row('  confirmed', timesText(confirmed)),
    row('  last accepted call was sent', `${lastAccepted} ms from the answer`),
    row('  accepted before and after it', `${acceptedBefore} and ${acceptedAfter}`),
    row('  refused after it, by front', refused),
  ];
}

function rebuildLines({ rebuild, memoryAfterRebuild }: RegistryResult): string[] {
  return [
    row('whole snapshot, in every front', timesText(rebuild.served)),
    row('  calls before', latencyText(rebuild.before)),
    row('  calls during', latencyText(rebuild.during)),
    ...outcomeLines(rebuild.calls),
    row('  memory', memoryText(memoryAfterRebuild)),
  ];
}

function changeLoadLines({ changeLoad, windowSeconds, memoryAtEnd }: RegistryResult): string[] {
  const { calm, changing, calls, p99Ratio, changes, othersShare } = changeLoad;
  return [
    row('calls without changes', latencyText(calm)),
    row('calls with a change a second', latencyText(changing)),
    row('  p99 against p99', `${p99Ratio.toFixed(3)} times`),
    row('  a change, in every front', timesText(changes)),
    ...outcomeLines(calls),
    ...changeLoad.windows.map(window => windowLine(window, windowSeconds)),
    row('  hiccups without changes', percentilesText(changeLoad.calmHiccup)),
    row('  hiccups with changes', percentilesText(changeLoad.changingHiccup)),
    row('  others on the cores', `${Math.round(othersShare * 100)} %`),
    row('  memory', memoryText(memoryAtEnd)),
  ];
}

function windowLine(window: WindowFigures, seconds: number): string {
  const { isChanging, gatewayCpuMicrosPerRequest, hiccup } = window;
  const kind = isChanging ? 'changing' : 'calm';
  const cpu = `${gatewayCpuMicrosPerRequest.toFixed(0)} µs of the gateway a call`;
  const late = `hiccup p99 ${hiccup.p99.toFixed(2)} ms`;
  return row(`  ${seconds} s ${kind}`, `${latencyText(window)}; ${cpu}; ${late}`);
}

function outcomeLines({ requests, answered, errors, missedSends, ...generator }: CallOutcomes) {
  const kinds = Object.entries(errors).map(([kind, count]) => `, ${count} ${kind}`);
  const never = missedSends === 0 ? '' : `, ${missedSends} never sent`;
  return [
    row('  answered', `${answered} of ${requests}${kinds.join('')}${never}`),
    row('  generator lag', percentilesText(generator.generatorLag)),
    ...generator.limited.map(reason => row('  LIMITED', reason)),
  ];
}

function barLine(bar: Bar): string {
  const { what, seen, limit, unit } = bar;
  const verdict = isKept(bar) ? 'kept' : 'MISSED';
  return row(what, `${verdict}: ${seen} ${unit}, to be under ${limit}`);
}

function timesText({ count, p50, p99, max }: Times): string {
  const [half, most, longest] = [p50, p99, max].map(ms => ms.toFixed(1));
  return `p50 ${half}, p99 ${most}, max ${longest} ms, ${count} times`;
}

function latencyText(latency: CallLatency): string {
  const { p50, p99, p999, max } = latency;
  const [half, most, nearly, longest] = [p50, p99, p999, max].map(ms => ms.toFixed(2));
  return `p50 ${half}, p99 ${most}, p99.9 ${nearly}, max ${longest} ms`;
}

function percentilesText({ p50, p99, max }: PercentilesMs): string {
  return `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, max ${max.toFixed(2)} ms`;
}

function memoryText({ rssMb, heapMb }: MemoryFigures): string {
  const heaps = Object.entries(heapMb).map(([thread, megabytes]) => `${thread} ${megabytes}`);
  return `${rssMb} MB resident; heaps ${heaps.join(', ')} MB`;
}
