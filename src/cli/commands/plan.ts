/** `xingyun plan`: how many threads and hosts for how much traffic. */
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { type Mix, readMix } from '../../planning/mix.ts';
import {
  bestShape,
  type Doubling,
  doublings,
  hostsFor,
  type PlanTarget,
} from '../../planning/plan-hosts.ts';
import {
  type Expectation,
  expectationOf,
  type HostCosts,
  type HostShape,
  type PlannedTraffic,
} from '../../planning/plan-model.ts';
import { DEFAULT_MIX } from '../../planning/reference-costs.ts';
import { type AdminOptions, addAdminOptions } from '../admin-client.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { gatewayCosts, hostCosts } from '../plan/host-costs.ts';
import { withProgress } from '../progress.ts';

interface PlanOptions extends AdminOptions {
  readonly rate?: number;
  readonly perDay?: number;
  readonly peak: number;
  readonly fronts?: number;
  readonly workers?: number;
  readonly cores: number;
  readonly mix: Mix;
  readonly beside: number;
  readonly upstreamP99: number;
  readonly p99: number;
  readonly utilization: number;
  readonly fromGateway?: true;
  readonly json?: true;
}

/** What is answered with `--json`. */
interface PlanAnswer {
  readonly rate: number;
  /** Those that the figures are of: one, where threads were named that can do it. */
  readonly hosts: number;
  readonly fronts: number;
  /** Of each front. */
  readonly workers: number;
  readonly cores: number;
  /** Of the busiest kind of thread, from 0 to 1. */
  readonly utilization: number;
  readonly p99Ms: number | null;
  /** Of one host, with its share of the calls. */
  readonly expectation: Expectation;
  /** The fewest that hold the target; null where none do. */
  readonly hostsWithinTarget: number | null;
  readonly doublings: readonly Doubling[];
  readonly costs: HostCosts;
}

const SECONDS_PER_DAY = 86_400;
const EXAMPLE_RATE = 1_000;

async function plan(options: PlanOptions): Promise<void> {
  const traffic = trafficOf(options);
  const target = { utilizationMax: options.utilization, p99MaxMs: options.p99 };
  const costs =
    options.fromGateway === true
      ? await withProgress('Watching the gateway', gatewayCosts(options))
      : hostCosts();
  const answer = answerOf(options, traffic, target, costs);
  if (options.json) return writeJson(answer);
  return write(answerText(answer, traffic, target));
}

function answerOf(
  options: PlanOptions,
  traffic: PlannedTraffic,
  target: PlanTarget,
  costs: HostCosts,
): PlanAnswer {
  const shape = shapeOf(options, traffic, costs, target);
  const needed = hostsFor(traffic, shape, costs, target);
  const one = expectationOf(traffic.rate, traffic, shape, costs);
  // Whoever names the threads asks what they would do; whoever does not, how many hosts it takes.
  const isOne =
    options.fronts !== undefined && (Number.isFinite(one.p99Ms) || needed === undefined);
  if (!isOne && needed === undefined) {
    throw new CommandFailure(`Not even an idle host has a p99 within ${target.p99MaxMs} ms.`);
  }
  const { hosts, expectation } = isOne ? { hosts: 1, expectation: one } : needed!;
  const { utilization, p99Ms } = expectation;
  return {
    ...{ rate: traffic.rate, hosts, ...shape, utilization },
    ...{ p99Ms: Number.isFinite(p99Ms) ? p99Ms : null, expectation },
    hostsWithinTarget: needed?.hosts ?? null,
    ...{ doublings: doublings(traffic, shape, costs, target), costs },
  };
}

function trafficOf({ rate, perDay, peak, mix, beside, upstreamP99 }: PlanOptions): PlannedTraffic {
  if ((rate === undefined) === (perDay === undefined)) {
    throw new UsageError(`Say how many calls: --rate ${EXAMPLE_RATE}, or --per-day and --peak.`);
  }
  return {
    ...{ mix, besideMicros: beside, upstreamP99Ms: upstreamP99 },
    rate: rate ?? (perDay! / SECONDS_PER_DAY) * peak,
  };
}

function shapeOf(
  { fronts, workers, cores }: PlanOptions,
  traffic: PlannedTraffic,
  costs: HostCosts,
  target: PlanTarget,
): HostShape {
  if ((fronts === undefined) !== (workers === undefined)) {
    throw new UsageError('--fronts and --workers go together.');
  }
  if (fronts !== undefined) return { fronts, workers: workers!, cores };
  return bestShape(traffic, cores, costs, target);
}

function answerText(answer: PlanAnswer, traffic: PlannedTraffic, target: PlanTarget): string {
  const { hosts, fronts, workers, cores, expectation, hostsWithinTarget: needed } = answer;
  const { frontUtilization, workerUtilization, hostUtilization, batchSize } = expectation;
  const mix = [...traffic.mix].map(([kind, share]) => `${kind} ${percent(share)}`).join(', ');
  const p99 =
    answer.p99Ms === null ? 'none: more comes than can be done' : `${answer.p99Ms.toFixed(1)} ms`;
  const rows = [
    ...(needed === null ? [] : [{ rate: traffic.rate, hosts: needed }]),
    ...answer.doublings,
  ];
  const lines = [
    `${count(traffic.rate)} calls/s (${mix})`,
    `  ${[of(hosts, 'host'), of(cores, 'core'), of(fronts, 'front')].join(' of ')}, ` +
      `${of(workers, 'worker')} each`,
    `  p99      ${p99}`,
    `  busy     front ${percent(frontUtilization)}, worker ${percent(workerUtilization)}, ` +
      `host ${percent(hostUtilization)}`,
    `  batches  of ${batchSize.toFixed(1)}`,
    `Hosts within ${percent(target.utilizationMax)} and a p99 of ${target.p99MaxMs} ms:`,
    ...rows.map(
      ({ rate, hosts: some }) => `  ${count(rate).padStart(12)} calls/s  ${of(some, 'host')}`,
    ),
    ...(rows.length === 0 ? ['  none'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function of(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}

function count(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const positive = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`A number from ${least} to ${most} is wanted.`);
};

const whole = (least: number, most: number) => (text: string) => {
  const value = positive(least, most)(text);
  if (Number.isInteger(value)) return value;
  throw new InvalidArgumentError('A whole number is wanted.');
};

function parseMix(text: string): Mix {
  const mix = readMix(text);
  if (typeof mix === 'string') throw new InvalidArgumentError(mix);
  return mix;
}

export function register(program: Command): void {
  addAdminOptions(program.command('plan'))
    .description('how many threads and hosts for how much traffic, and the p99 to expect')
    .option('--rate <calls>', 'calls a second at the busiest time', positive(0.001, 1e9))
    .option('--per-day <calls>', 'calls a day, in place of --rate', positive(1, 1e13))
    .option(
      '--peak <factor>',
      'with --per-day: the busiest second over the mean',
      positive(1, 1e4),
      4,
    )
    .option('--mix <shares>', 'how calls are signed: rsa=0.7,es256=0.3', parseMix, DEFAULT_MIX)
    .option('--fronts <count>', 'front threads of a host; the best where absent', whole(1, 1_024))
    .option('--workers <count>', 'workers of each front', whole(1, 64))
    .option('--cores <count>', 'cores of a host', whole(1, 4_096), availableParallelism())
    .option('--p99 <ms>', 'target', positive(0.001, 1e6), 50)
    .option(
      '--utilization <share>',
      'target, of the busiest thread and of a host',
      positive(0.01, 0.99),
      0.7,
    )
    .option(
      '--upstream-p99 <ms>',
      'of the upstream, which each call waits for',
      positive(0, 1e6),
      0,
    )
    .option('--beside <micros>', 'CPU per call of other processes on the host', positive(0, 1e6), 0)
    .option('--from-gateway', 'measure by the gateway at --admin instead of by this host')
    .option('--json', 'for scripts: the plan as JSON')
    .action(plan);
}
