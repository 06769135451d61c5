/** A run as text for people. */
import type { Spread } from '../compare/spread.ts';
import type { PercentilesMs } from '../rig/latency-histogram.ts';
import type {
  CallFigures,
  DeliveryCpu,
  EventFigures,
  FanoutPhase,
  FanoutResult,
  MemoryFigures,
} from './fanout-result.ts';

const LABEL_COLUMNS = 34;

export function fanoutText(result: FanoutResult): string {
  const { subscribers, silent, events, eventBytes, callRate, callers } = result;
  return [
    `${events} events of ${eventBytes} B to ${subscribers} subscribers; ` +
      `${callRate} calls/s on ${callers} other sessions; commit ${result.commit || 'not in git'}`,
    '',
    row('gateway, no session', memoryText(result.memoryEmpty)),
    ...phaseLines('all of them read', result.readersOnly),
    ...(result.withSilent === undefined
      ? []
      : [
          ...phaseLines(`${silent} more that do not read`, result.withSilent),
          ...silentLines(result),
        ]),
    '',
    row('events twice or out of order', String(result.faults)),
    row('subscribers lost', countsText(result.closed)),
    '',
  ].join('\n');
}

function row(label: string, text: string): string {
  return label.padEnd(LABEL_COLUMNS) + text;
}

function phaseLines(title: string, phase: FanoutPhase): string[] {
  return [
    '',
    title,
    ...eventLines('  events', phase.events),
    row('    CPU µs per delivery', cpuText(phase.deliveryCpu)),
    ...eventLines('  events beside calls', phase.eventsBesideCalls),
    row('  calls alone', callText(phase.calls)),
    row('  calls beside events', callText(phase.callsBesideEvents)),
    row('  pages of the journal replayed', String(phase.replays)),
    row('  hiccups beside the gateway', percentilesText(phase.hiccup)),
    row('  memory before', memoryText(phase.memoryBefore)),
    row('  memory after', memoryText(phase.memoryAfter)),
  ];
}

function eventLines(label: string, figures: EventFigures): string[] {
  const { lastMs, arrival, acknowledgedMs } = figures;
  return [
    row(`${label}, last one`, `${spreadText(lastMs)} ms`),
    row('    any subscriber', percentilesText(arrival)),
    row('    publisher answered', `${spreadText(acknowledgedMs)} ms`),
  ];
}

function silentLines({ silentFigures, silent }: FanoutResult): string[] {
  if (silentFigures === undefined) return [];
  const { floodEvents, stillOpen, memoryWithout, memoryBehind, memoryGone } = silentFigures;
  return [
    row('  behind after', `${floodEvents} events of 60,000 B`),
    row('  still open at the end', `${stillOpen} of ${silent}`),
    row('  memory without them', memoryText(memoryWithout)),
    row('  memory with them behind', memoryText(memoryBehind)),
    row('  memory when they had gone', memoryText(memoryGone)),
  ];
}

function cpuText(cpu: DeliveryCpu): string {
  const { gatewayMicros, frontMicros, subscriberMicros, othersShare } = cpu;
  const others = `others ${Math.round(othersShare * 100)} % of the cores`;
  const own = `gateway ${gatewayMicros}, of it fronts ${frontMicros}`;
  return `${own}, subscribers ${subscriberMicros}; ${others}`;
}

function spreadText({ median, min, max }: Spread): string {
  return `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`;
}

function percentilesText({ p50, p99, max }: PercentilesMs): string {
  return `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, max ${max.toFixed(2)} ms`;
}

function callText({ latency, requests, answered, errors, missedSends }: CallFigures): string {
  const failed = answered === requests ? '' : `, ${requests - answered} of ${requests} failed`;
  const never = missedSends === 0 ? '' : `, ${missedSends} never sent`;
  const kinds = Object.keys(errors).length === 0 ? '' : ` (${countsText(errors)})`;
  return `${percentilesText(latency)}${failed}${never}${kinds}`;
}

function memoryText({ rssMb, waitingMb, kernelSocketsMb }: MemoryFigures): string {
  return `${rssMb} MB resident, ${waitingMb} MB wait for peers, kernel ${kernelSocketsMb} MB`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const texts = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`);
  return texts.length === 0 ? 'none' : texts.join(', ');
}
