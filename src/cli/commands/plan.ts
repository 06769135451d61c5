/** `xingyun plan`: how many threads and hosts for how much traffic. */
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type {
  Expected,
  HostsNeeded,
  MeasuredTraffic,
  MixShares,
  ShapeAdvice,
} from '../../planning/advice-answer.ts';
import {
  type AdviceQuestion,
  adviceOf,
  P99_MAX_DEFAULT_MS,
  PEAK_DEFAULT,
  rateOfDay,
  sharesOf,
  UTILIZATION_MAX_DEFAULT,
} from '../../planning/advise.ts';
import { type Mix, readMix } from '../../planning/mix.ts';
import { bestShape } from '../../planning/plan-hosts.ts';
import type { HostCosts, PlannedTraffic } from '../../planning/plan-model.ts';
import { DEFAULT_MIX } from '../../planning/reference-costs.ts';
import { type AdminOptions, addAdminOptions } from '../admin-client.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { gatewayAdvice } from '../plan/gateway-advice.ts';
import { hostCosts } from '../plan/host-costs.ts';

interface PlanOptions extends AdminOptions {
  readonly rate?: number;
  readonly perDay?: number;
  readonly peak: number;
  readonly fronts?: number;
  readonly workers?: number;
  readonly cores?: number;
  readonly mix?: Mix;
  readonly beside: number;
  readonly upstreamP99?: number;
  readonly p99: number;
  readonly utilization: number;
  readonly fromGateway?: true;
  readonly json?: true;
}

/** Whose figures a plan is made of. */
interface PlanBasis {
  readonly rate: number;
  readonly mix: MixShares;
  readonly costs: HostCosts;
  readonly advice: ShapeAdvice;
  /** By the gateway that was asked. */
  readonly measured?: MeasuredTraffic;
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
  readonly expectation: Expected;
  /** The fewest that hold the target; null where none do. */
  readonly hostsWithinTarget: number | null;
  readonly doublings: readonly HostsNeeded[];
  readonly costs: HostCosts;
  readonly measured?: MeasuredTraffic;
}

const EXAMPLE_RATE = 1_000;

async function plan(options: PlanOptions): Promise<void> {
  const question = questionOf(options);
  const basis =
    options.fromGateway === true ? await ofGateway(options, question) : ofHost(question);
  const answer = answerOf(options, basis);
  if (options.json) return writeJson(answer);
  return write(answerText(answer, basis, options));
}

function questionOf(options: PlanOptions): AdviceQuestion & { peak: number } {
  const { rate, perDay, fromGateway, fronts, workers } = options;
  const isSaid = rate !== undefined || perDay !== undefined || fromGateway === true;
  if (!isSaid || (rate !== undefined && perDay !== undefined)) {
    throw new UsageError(`Say how many calls: --rate ${EXAMPLE_RATE}, or --per-day and --peak.`);
  }
  if ((fronts === undefined) !== (workers === undefined)) {
    throw new UsageError('--fronts and --workers go together.');
  }
  const { peak, cores, mix, beside, upstreamP99, p99, utilization } = options;
  return {
    ...{ rate, perDay, peak, fronts, workers, cores, mix, besideMicros: beside },
    ...{ p99MaxMs: p99, utilizationMax: utilization, upstreamP99Ms: upstreamP99 },
  };
}

/** By what checks cost on this host. */
function ofHost(question: AdviceQuestion & { peak: number }): PlanBasis {
  const { perDay, peak, mix = DEFAULT_MIX, fronts, workers } = question;
  const { p99MaxMs = P99_MAX_DEFAULT_MS, utilizationMax = UTILIZATION_MAX_DEFAULT } = question;
  const costs = hostCosts();
  const traffic: PlannedTraffic = {
    ...{ mix, rate: question.rate ?? rateOfDay(perDay!, peak) },
    ...{ besideMicros: question.besideMicros ?? 0, upstreamP99Ms: question.upstreamP99Ms ?? 0 },
  };
  const terms = { peak, p99MaxMs, utilizationMax };
  const wanted = { fronts, workers, cores: question.cores ?? availableParallelism() };
  const advice = adviceOf(traffic, bestShape(traffic, wanted, costs, terms), costs, terms);
  return { rate: traffic.rate, mix: sharesOf(mix), costs, advice };
}

async function ofGateway(options: AdminOptions, question: AdviceQuestion): Promise<PlanBasis> {
  const { terms, asked, measured } = await gatewayAdvice(options, question);
  return { rate: terms.rate, mix: terms.mix, costs: terms.costs, advice: asked, measured };
}

function answerOf(options: PlanOptions, { rate, advice, costs, measured }: PlanBasis): PlanAnswer {
  const { fronts, workers, cores, one, needed, doublings } = advice;
  // Whoever names the threads asks what they would do; whoever does not, how many hosts it takes.
  const isOne = options.fronts !== undefined && (one.p99Ms !== null || needed === null);
  if (!isOne && needed === null) {
    throw new CommandFailure(`Not even an idle host has a p99 within ${options.p99} ms.`);
  }
  const { hosts, expectation } = isOne ? { hosts: 1, expectation: one } : needed!;
  const { utilization, p99Ms } = expectation;
  return {
    ...{ rate, hosts, fronts, workers, cores, utilization, p99Ms, expectation },
    hostsWithinTarget: needed?.hosts ?? null,
    ...{ doublings, costs },
    ...(measured === undefined ? {} : { measured }),
  };
}

function answerText(answer: PlanAnswer, { mix: shares }: PlanBasis, options: PlanOptions): string {
  const { rate, hosts, fronts, workers, cores, expectation, hostsWithinTarget: needed } = answer;
  const { frontUtilization, workerUtilization, hostUtilization, batchSize } = expectation;
  const mix = Object.entries(shares)
    .map(([kind, share]) => `${kind} ${percent(share)}`)
    .join(', ');
  const p99 =
    answer.p99Ms === null ? 'none: more comes than can be done' : `${answer.p99Ms.toFixed(1)} ms`;
  const rows = [...(needed === null ? [] : [{ rate, hosts: needed }]), ...answer.doublings];
  const lines = [
    ...basisLines(answer),
    `${count(rate)} calls/s (${mix})`,
    `  ${[of(hosts, 'host'), of(cores, 'core'), of(fronts, 'front')].join(' of ')}, ` +
      `${of(workers, 'worker')} each`,
    `  p99      ${p99}`,
    `  busy     front ${percent(frontUtilization)}, worker ${percent(workerUtilization)}, ` +
      `host ${percent(hostUtilization)}`,
    `  batches  of ${batchSize.toFixed(1)}`,
    `Hosts within ${percent(options.utilization)} and a p99 of ${options.p99} ms:`,
    ...rows.map(row => `  ${count(row.rate).padStart(12)} calls/s  ${of(row.hosts, 'host')}`),
    ...(rows.length === 0 ? ['  none'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** What the gateway that was asked has seen. */
function basisLines({ measured }: PlanAnswer): string[] {
  if (measured === undefined) return [];
  const { state, calls, seconds, frontMicros } = measured;
  const seen = `${count(calls)} calls in ${count(seconds)} s`;
  if (state === 'measured') return [`By ${seen}, ${frontMicros!.toFixed(0)} µs of a front each`];
  return [`${seen} are too few to measure by: by the reference, and this gateway’s checks`];
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
      PEAK_DEFAULT,
    )
    .option(
      '--mix <shares>',
      'how calls are signed: rsa=0.7,es256=0.3; all rsa where absent',
      parseMix,
    )
    .option('--fronts <count>', 'front threads of a host; the best where absent', whole(1, 1_024))
    .option('--workers <count>', 'workers of each front', whole(1, 64))
    .option('--cores <count>', 'cores of a host; those of this one where absent', whole(1, 4_096))
    .option('--p99 <ms>', 'target', positive(0.001, 1e6), P99_MAX_DEFAULT_MS)
    .option(
      '--utilization <share>',
      'target, of the busiest thread and of a host',
      positive(0.01, 0.99),
      UTILIZATION_MAX_DEFAULT,
    )
    .option('--upstream-p99 <ms>', 'of the upstream, which each call waits for', positive(0, 1e6))
    .option('--beside <micros>', 'CPU per call of other processes on the host', positive(0, 1e6), 0)
    .option(
      '--from-gateway',
      'by what the gateway at --admin measures: its costs, and where absent its rate, mix, ' +
        'upstream and cores',
    )
    .option('--json', 'for scripts: the plan as JSON')
    .action(plan);
}
