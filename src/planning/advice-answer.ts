/**
 * `GET /v1/advice`: what this gateway measures of its traffic, and what to expect of threads and
 * hosts (docs/planning.md). Shares from 0 to 1, durations in milliseconds, costs in microseconds of
 * one core.
 */
import type { MixKind } from './mix.ts';
import type { Expectation, HostCosts, HostShape } from './plan-model.ts';

/** Shares of all calls; without those that do not occur. */
export type MixShares = Readonly<Partial<Record<MixKind, number>>>;

/** Where a figure comes from: asked for, measured, or neither. */
export type FigureSource = 'query' | 'measured' | 'default';

/** Of one host; null where more comes than can be done. */
export interface Expected extends Omit<Expectation, 'p99Ms'> {
  readonly p99Ms: number | null;
}

/** The fewest hosts within the target, and what to expect of each. */
export interface HostsNeeded {
  /** Calls a second of all hosts. */
  readonly rate: number;
  readonly hosts: number;
  readonly expectation: Expected;
}

export interface DayNeeded extends HostsNeeded {
  readonly callsPerDay: number;
}

export interface ShapeAdvice extends HostShape {
  /** Of one host that has all of the calls. */
  readonly one: Expected;
  /** Null where not even an idle host is within the target. */
  readonly needed: HostsNeeded | null;
  /** Of twice, four and eight times the rate. */
  readonly doublings: readonly HostsNeeded[];
  /** Of 120 million and 1.2 billion calls a day. */
  readonly days: readonly DayNeeded[];
}

/** What is not known, or not of so few calls, is null. */
export interface MeasuredTraffic {
  /** `too-few-calls`: fewer than `callsMin`; costs are those of the reference. */
  readonly state: 'measured' | 'too-few-calls';
  readonly seconds: number;
  readonly calls: number;
  readonly callsMin: number;
  /** Calls a second. */
  readonly rate: number;
  readonly mix: MixShares | null;
  /** CPU of fronts and of workers for a call. */
  readonly frontMicros: number | null;
  readonly workerMicros: number | null;
  /** Share of a core that one front and one worker use. */
  readonly frontUtilization: number | null;
  readonly workerUtilization: number | null;
  readonly p99Ms: number | null;
  /** Of the calls that went to an upstream. */
  readonly upstreamP99Ms: number | null;
  /** Those that serve, the workers of each, and the cores of this host. */
  readonly shape: HostShape;
  /** Of a check by algorithm, as measured when the gateway started. */
  readonly checkMicros: Readonly<Record<string, number>>;
}

/** What was reckoned with. */
export interface AdviceTerms {
  /** Calls a second of all hosts. */
  readonly rate: number;
  readonly rateFrom: FigureSource;
  readonly mix: MixShares;
  readonly mixFrom: FigureSource;
  readonly upstreamP99Ms: number;
  readonly upstreamP99From: FigureSource;
  /** CPU per call of other processes on the host. */
  readonly besideMicros: number;
  /** How much busier than the mean the busiest second of a day is. */
  readonly peak: number;
  readonly p99MaxMs: number;
  readonly utilizationMax: number;
  /** `default`: of the reference, as much slower or faster as this host's checks are. */
  readonly costsFrom: FigureSource;
  readonly costs: HostCosts;
}

export interface AdviceAnswer {
  readonly measured: MeasuredTraffic;
  /** What the model says of the measured traffic: beside what was seen, how far it is off. */
  readonly modelled: Expected;
  readonly terms: AdviceTerms;
  readonly asked: ShapeAdvice;
  readonly present: ShapeAdvice;
}
