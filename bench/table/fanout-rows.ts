import { FANOUT_DEFAULTS } from '../fanout/fanout-arguments.ts';
import type { FanoutPhase, FanoutResult } from '../fanout/fanout-result.ts';
import { reasonsAgainstFanout } from '../fanout/recordable-fanout.ts';
import { commandText } from './command-text.ts';
import { type LatestRuns, latestRuns, seenIn } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { count, figure, type Text } from './text.ts';

/** What the table shows: so many that read, and so many beside them that do not. */
const SUBSCRIBERS = 10_000;
const SILENT = 500;
const EVENTS_MIN = 10;

export function fanoutRows(results: readonly FanoutResult[]): TableRow[] {
  const runs = latestRuns(results.filter(isShown), run => commandOf({ ...run, seed: 1 }));
  if (runs === undefined) return [];
  const row = (what: Text, seen: Text): TableRow => {
    return { what, seen, command: commandOf(runs.newest), run: runs.newest };
  };
  const [subscribers, silent] = [count(SUBSCRIBERS), count(SILENT)];
  return [
    row(
      {
        en: `one event to ${subscribers} subscribed sessions, until the last one has it`,
        zh: `一个事件送达 ${subscribers} 个订阅会话，直到最后一个收到`,
      },
      arrivalSeen(runs, ({ readersOnly }) => readersOnly),
    ),
    row(
      {
        en: `the same beside ${silent} further subscribers that read nothing`,
        zh: `同上，另有 ${silent} 个不读取的订阅者`,
      },
      arrivalSeen(runs, ({ withSilent }) => withSilent!),
    ),
    row(
      {
        en: `p99 of calls on other sessions meanwhile, without and with the ${silent}`,
        zh: `其间其他会话上调用的 p99，没有与有这 ${silent} 个订阅者`,
      },
      callsSeen(runs),
    ),
    row(
      {
        en: `resident memory of the gateway, before and with the ${silent} behind`,
        zh: `网关常驻内存，这 ${silent} 个订阅者落后之前与之后`,
      },
      memorySeen(runs.newest),
    ),
  ];
}

function isShown(run: FanoutResult): boolean {
  const { subscribers, silent, events } = run;
  return (
    subscribers === SUBSCRIBERS &&
    silent === SILENT &&
    events >= EVENTS_MIN &&
    run.withSilent !== undefined &&
    run.silentFigures !== undefined &&
    reasonsAgainstFanout(run).length === 0
  );
}

function commandOf(run: FanoutResult): string {
  const usual = FANOUT_DEFAULTS;
  return commandText('fanout', [
    ['events', run.events, usual.events],
    ['event-bytes', run.eventBytes, usual.eventBytes],
    ['interval', run.intervalMs, usual.intervalMs],
    ['call-rate', run.callRate, usual.callRate],
    ['callers', run.callers, usual.callers],
    ['seed', run.seed, usual.seed],
  ]);
}

/** Medians over the events of a run; the slowest event of the newest one beside it. */
function arrivalSeen(
  runs: LatestRuns<FanoutResult>,
  phaseOf: (run: FanoutResult) => FanoutPhase,
): Text {
  const last = seenIn(runs, 'ms', run => phaseOf(run).events.lastMs.median);
  const { events } = phaseOf(runs.newest);
  const slowest = figure(events.lastMs.max);
  const half = figure(events.arrival.p50);
  return {
    en: `${last.en}, slowest of ${events.events} events ${slowest} ms; half have it in ${half} ms`,
    zh: `${last.zh}，${events.events} 个事件中最慢 ${slowest} ms；半数在 ${half} ms 内收到`,
  };
}

function callsSeen(runs: LatestRuns<FanoutResult>): Text {
  const without = seenIn(runs, 'ms', ({ readersOnly }) => p99Of(readersOnly));
  const beside = seenIn(runs, 'ms', ({ withSilent }) => p99Of(withSilent!));
  return { en: `${without.en} and ${beside.en}`, zh: `${without.zh} 与 ${beside.zh}` };
}

function p99Of({ callsBesideEvents }: FanoutPhase): number {
  return callsBesideEvents.latency.p99;
}

function memorySeen({ silentFigures }: FanoutResult): Text {
  const { memoryWithout, memoryBehind } = silentFigures!;
  const [before, behind, waiting] = [
    memoryWithout.rssMb,
    memoryBehind.rssMb,
    memoryBehind.waitingMb,
  ].map(megabytes => figure(Math.round(megabytes)));
  return {
    en: `${before} MB and ${behind} MB, of which ${waiting} MB wait for them`,
    zh: `${before} MB 与 ${behind} MB，其中 ${waiting} MB 等待它们读取`,
  };
}
