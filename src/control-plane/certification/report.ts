/** The record of a certification run: what is kept of it, and how it is read again. */
import { CallBudget, type ObservedCall, readRequestId } from '../../core/observations.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import {
  type Finding,
  judgeRun,
  STEP_NAMES,
  STEPS,
  type StepName,
  type StepState,
} from './steps.ts';

export const RUN_STATES = ['open', 'passed', 'failed', 'expired'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** How long a partner has for a run. */
export const RUN_MAX_MS = 1_800_000;
/** Of a step, in the report. */
const EVIDENCE_MAX = 10;
/** Calls may still be on their way when the last step is decided, one that fails it among them. */
export const SETTLE_MS = 1_000;

interface ReportedCall {
  readonly requestId: string;
  readonly keyId: string;
  readonly method: string;
  readonly status: number;
  readonly code?: string;
  readonly aborted?: true;
  readonly totalMs: number;
  readonly at: string;
}

export interface ReportedStep {
  readonly name: StepName;
  readonly task: string;
  readonly state: StepState;
  readonly why: string;
  readonly evidence: readonly ReportedCall[];
}

export interface RunReport {
  readonly id: string;
  readonly app: string;
  /** When the app's record was made: one that is made anew under its id is another app. */
  readonly appCreatedAt: string;
  readonly partner: string;
  readonly state: RunState;
  readonly why: string;
  readonly openedBy: string;
  readonly reason: string;
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly endedAt?: string;
  readonly steps: readonly ReportedStep[];
  readonly callsSeen: number;
}

/** As it is stored: while it is open with the calls themselves, whichever host saw them. */
export interface RunRecord extends RunReport {
  readonly calls?: readonly ObservedCall[];
}

export interface RunOpening {
  readonly id: string;
  readonly app: string;
  readonly appCreatedAtMs: number;
  readonly partner: string;
  readonly openedBy: string;
  readonly reason: string;
}

export function openRun(opening: RunOpening, nowMs: number): RunRecord {
  const { appCreatedAtMs, ...rest } = opening;
  const run = {
    ...rest,
    appCreatedAt: instant(appCreatedAtMs),
    openedAt: instant(nowMs),
    expiresAt: instant(nowMs + RUN_MAX_MS),
    steps: [],
    callsSeen: 0,
  };
  return judged({ ...run, state: 'open', why: '' }, [], nowMs);
}

/** The run with further calls, judged by all of them; ended where that is due. */
export function judged(run: RunRecord, further: readonly ObservedCall[], nowMs: number): RunRecord {
  const calls = mergeCalls(run.calls ?? [], further);
  const findings = judgeRun(run.id, calls);
  const verdict = conclude(run, findings, calls, nowMs);
  const { calls: _calls, endedAt: _endedAt, ...rest } = run;
  const ended = verdict.state === 'open' ? { calls } : { endedAt: instant(nowMs) };
  const steps = STEP_NAMES.map(name => reportStep(name, findings.get(name)!));
  return { ...rest, ...verdict, steps, callsSeen: calls.length, ...ended };
}

/** The run as one that another took the place of. */
export function replaced(run: RunRecord, nowMs: number): RunRecord {
  const { calls: _calls, ...rest } = run;
  const why = 'Another run was opened for the app.';
  return { ...rest, state: 'expired', why, endedAt: instant(nowMs) };
}

/** When the run is to be looked at again although no call came. */
export function dueAtMs({ expiresAt, steps, calls = [] }: RunRecord): number {
  const expiresAtMs = Date.parse(expiresAt);
  if (steps.some(({ state }) => state === 'open')) return expiresAtMs;
  return Math.min(expiresAtMs, lastAtMs(calls) + SETTLE_MS);
}

/** Without what is only kept to judge by. */
export function shownReport(body: JsonObject): JsonObject {
  const { calls: _calls, ...report } = body;
  return report;
}

/**
 * A call may come twice where a commit's outcome was unknown, and more than are looked at where
 * several hosts saw them.
 */
function mergeCalls(
  known: readonly ObservedCall[],
  further: readonly ObservedCall[],
): readonly ObservedCall[] {
  const all = new Map<string, ObservedCall>();
  for (const call of [...known, ...further]) {
    all.set(`${call.requestId} ${call.atMs} ${call.totalMs}`, call);
  }
  const budget = new CallBudget();
  return [...all.values()].filter(({ requestId, proven }) => {
    return budget.take(readRequestId(requestId).step, proven);
  });
}

function conclude(
  run: RunReport,
  findings: ReadonlyMap<StepName, Finding>,
  calls: readonly ObservedCall[],
  nowMs: number,
): { readonly state: RunState; readonly why: string } {
  const namesOf = (wanted: StepState) =>
    STEP_NAMES.filter(name => findings.get(name)!.state === wanted).join(', ');
  const failed = namesOf('failed');
  const open = namesOf('open');
  const isOver = nowMs >= Date.parse(run.expiresAt);
  const isSettled = open === '' && nowMs >= lastAtMs(calls) + SETTLE_MS;
  if (!isOver && !isSettled) {
    return { state: 'open', why: open === '' ? 'The verdict is near.' : `To be seen: ${open}.` };
  }
  if (failed !== '') return { state: 'failed', why: `Failed: ${failed}.` };
  if (open !== '') return { state: 'expired', why: `Not seen in time: ${open}.` };
  return { state: 'passed', why: 'Every step passed.' };
}

function lastAtMs(calls: readonly ObservedCall[]): number {
  return calls.reduce((last, { atMs }) => Math.max(last, atMs), 0);
}

function reportStep(name: StepName, { state, why, evidence }: Finding): ReportedStep {
  return {
    name,
    task: STEPS[name].task,
    state,
    why,
    evidence: evidence.slice(0, EVIDENCE_MAX).map(reportCall),
  };
}

function reportCall(call: ObservedCall): ReportedCall {
  const { requestId, keyId, method, status, code, aborted, totalMs, atMs } = call;
  return {
    requestId,
    keyId,
    method,
    status,
    ...(code === undefined ? {} : { code }),
    ...(aborted ? { aborted } : {}),
    totalMs: Math.round(totalMs * 10) / 10,
    at: instant(atMs),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
