/** From what was measured and what is asked to what to expect; one way for all who tell of it. */
import type {
  AdviceAnswer,
  AdviceTerms,
  Expected,
  HostsNeeded,
  MeasuredTraffic,
  MixShares,
  ShapeAdvice,
} from './advice-answer.ts';
import type { Mix, MixKind } from './mix.ts';
import { bestShape, doublings, type HostPlan, hostsFor, type PlanTarget } from './plan-hosts.ts';
import {
  type Expectation,
  expectationOf,
  frontPaceOf,
  type HostCosts,
  type HostShape,
  type PlannedTraffic,
} from './plan-model.ts';
import { DEFAULT_MIX, scaledCosts } from './reference-costs.ts';

const SECONDS_PER_DAY = 86_400;
export const PEAK_DEFAULT = 4;
export const P99_MAX_DEFAULT_MS = 50;
export const UTILIZATION_MAX_DEFAULT = 0.7;
/** The bank's that is to be beaten, and ten times as much. */
const DAYS = [120e6, 1.2e9] as const;
/** Less is a front whose CPU was not counted with its calls. */
const FRONT_PACE_MIN = 1 / 4;

/** What is absent is taken from what was measured, or chosen. */
export interface AdviceQuestion {
  /** Calls a second; or calls a day, whose busiest second is `peak` times the mean. */
  readonly rate?: number | undefined;
  readonly perDay?: number | undefined;
  readonly peak?: number | undefined;
  readonly fronts?: number | undefined;
  readonly workers?: number | undefined;
  readonly cores?: number | undefined;
  readonly mix?: Mix | undefined;
  readonly p99MaxMs?: number | undefined;
  readonly utilizationMax?: number | undefined;
  readonly upstreamP99Ms?: number | undefined;
  readonly besideMicros?: number | undefined;
}

export function advise(question: AdviceQuestion, measured: MeasuredTraffic): AdviceAnswer {
  const seen = seenTraffic(measured);
  const costs = measuredCosts(measured);
  const terms = termsOf(question, measured, costs);
  const traffic: PlannedTraffic = { ...terms, mix: mixOf(terms.mix) };
  const { cores } = measured.shape;
  const shape = bestShape(traffic, { cores, ...defined(question) }, costs, terms);
  return {
    ...{ measured, terms },
    modelled: shown(expectationOf(seen.rate, seen, measured.shape, costs)),
    asked: adviceOf(traffic, shape, costs, terms),
    present: adviceOf(traffic, measured.shape, costs, terms),
  };
}

/** @param terms the target, and how much busier than a day's mean its busiest second is */
export function adviceOf(
  traffic: PlannedTraffic,
  shape: HostShape,
  costs: HostCosts,
  terms: PlanTarget & { readonly peak: number },
): ShapeAdvice {
  const needed = hostsFor(traffic, shape, costs, terms);
  const days = DAYS.flatMap(callsPerDay => {
    const rate = rateOfDay(callsPerDay, terms.peak);
    const plan = hostsFor({ ...traffic, rate }, shape, costs, terms);
    return plan === undefined ? [] : [{ callsPerDay, ...neededOf(rate, plan) }];
  });
  return {
    ...shape,
    one: shown(expectationOf(traffic.rate, traffic, shape, costs)),
    needed: needed === undefined ? null : neededOf(traffic.rate, needed),
    doublings:
      traffic.rate === 0
        ? []
        : doublings(traffic, shape, costs, terms).map(plan => neededOf(plan.rate, plan)),
    days,
  };
}

/** Calls in the busiest second. */
export function rateOfDay(callsPerDay: number, peak: number): number {
  return (callsPerDay / SECONDS_PER_DAY) * peak;
}

export function sharesOf(mix: Mix): MixShares {
  return Object.fromEntries(mix);
}

function mixOf(shares: MixShares): Mix {
  return new Map(Object.entries(shares) as [MixKind, number][]);
}

function neededOf(rate: number, plan: Pick<HostPlan, 'hosts' | 'expectation'>): HostsNeeded {
  return { rate, hosts: plan.hosts, expectation: shown(plan.expectation) };
}

/** JSON has no infinity. */
function shown(expectation: Expectation): Expected {
  const { p99Ms, ...rest } = expectation;
  return { ...rest, p99Ms: Number.isFinite(p99Ms) ? p99Ms : null };
}

function termsOf(
  question: AdviceQuestion,
  measured: MeasuredTraffic,
  costs: HostCosts,
): AdviceTerms {
  const { rate, perDay, peak = PEAK_DEFAULT, mix, upstreamP99Ms } = question;
  const asked = rate ?? (perDay === undefined ? undefined : rateOfDay(perDay, peak));
  const seen = seenTraffic(measured);
  const sourceOf = (wanted: unknown, found: unknown) =>
    wanted !== undefined ? 'query' : found === null ? 'default' : 'measured';
  return {
    ...{ rate: asked ?? measured.rate, rateFrom: sourceOf(asked, measured.rate) },
    ...{ mix: sharesOf(mix ?? seen.mix), mixFrom: sourceOf(mix, measured.mix) },
    upstreamP99Ms: upstreamP99Ms ?? seen.upstreamP99Ms,
    upstreamP99From: sourceOf(upstreamP99Ms, measured.upstreamP99Ms),
    besideMicros: question.besideMicros ?? 0,
    peak,
    p99MaxMs: question.p99MaxMs ?? P99_MAX_DEFAULT_MS,
    utilizationMax: question.utilizationMax ?? UTILIZATION_MAX_DEFAULT,
    ...{ costsFrom: sourceOf(undefined, measured.frontMicros), costs },
  };
}

function seenTraffic({ rate, mix, upstreamP99Ms }: MeasuredTraffic): PlannedTraffic {
  return {
    ...{ rate, besideMicros: 0, upstreamP99Ms: upstreamP99Ms ?? 0 },
    mix: mix === null ? DEFAULT_MIX : mixOf(mix),
  };
}

/**
 * Of the host whose checks and whose fronts' CPU per call were measured. All that a front does is
 * as much slower or faster: to tell a call's cost from that of coming alone takes two rates.
 */
function measuredCosts(measured: MeasuredTraffic): HostCosts {
  const costs = scaledCosts(measured.checkMicros);
  const { frontMicros: seenMicros, rate, shape } = measured;
  if (seenMicros === null) return costs;
  const { mix } = seenTraffic(measured);
  const pace = Math.max(FRONT_PACE_MIN, frontPaceOf(seenMicros, rate / shape.fronts, mix, costs));
  const { frontMicros, aloneFrontMicros, inlineFrontMicros, aloneInlineFrontMicros } = costs;
  return {
    ...costs,
    frontMicros: frontMicros * pace,
    aloneFrontMicros: aloneFrontMicros * pace,
    inlineFrontMicros: inlineFrontMicros * pace,
    aloneInlineFrontMicros: aloneInlineFrontMicros * pace,
  };
}

function defined({ fronts, workers, cores }: AdviceQuestion) {
  return { fronts, workers, ...(cores === undefined ? {} : { cores }) };
}
