/**
 * Opens certification runs, gathers what the fronts saw of their calls, and gives the verdict.
 *
 * What was seen is written into the run's record within a second, so that a run survives a restart
 * and several hosts may see the calls of one: each writes what it saw, and judges by all of it.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { type ObservedCall, RUN_PREFIX } from '../../core/observations.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type {
  ChangeRefusal,
  ChangeResult,
  ProposedChange,
  RegistryWriter,
  ShownRecord,
} from '../registry/desk-contract.ts';
import { endedLater, findRuns, runOf } from './find-runs.ts';
import { CALLS_PER_RUN_MAX, dueAtMs, judged, openRun, type RunRecord, replaced } from './report.ts';
import { stepOf } from './steps.ts';

/** Of all apps together. */
export const OPEN_RUNS_MAX = 100;
/** Kept of an app; the oldest go, but never the last that it passed. */
export const RUNS_PER_APP_MAX = 50;

const SWEEP_INTERVAL_MS = 500;
const ID_BYTES = 12;
const ACTOR = 'system:certification';
/** Where its onboarding must stand for a partner's sandbox apps to be accepted. */
const CALLING_STATUSES = new Set(['sandbox', 'certification', 'production']);

export interface CertificationDeskOptions {
  readonly registry: RegistryWriter;
  readonly clock: Clock;
  /** Told why a run could not be written; it is tried again half a second later. */
  readonly reportFailure: (runId: string, reason: string) => void;
}

export interface OpeningRequest {
  /** `operator:<id>`. */
  readonly actor: string;
  readonly app: string;
  readonly reason: string;
}

interface OpenRun {
  readonly app: string;
  dueAtMs: number;
  /** Seen here and not written yet. */
  readonly pending: ObservedCall[];
  /** Seen here at all. */
  seenCount: number;
}

export class CertificationDesk {
  private readonly options: CertificationDeskOptions;
  private readonly runs = new Map<string, OpenRun>();
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;

  constructor(options: CertificationDeskOptions) {
    this.options = options;
  }

  /** Takes up what was open when the process ended, and looks after open runs from here on. */
  start(): void {
    for (const record of findRuns(this.options.registry, { state: 'open' })) this.watch(record);
    this.timer = setInterval(() => void this.sweep(), SWEEP_INTERVAL_MS);
    this.timer.unref();
  }

  /** Writes what is still to be written. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
    await this.sweep();
  }

  /**
   * Opens a run in place of the one that the app has open.
   *
   * @throws RegistryStoreError where the store cannot commit
   */
  async open(request: OpeningRequest): Promise<ChangeResult> {
    const { registry, clock } = this.options;
    const refusals = refuseOpening(registry, request.app);
    if (refusals.length > 0) return { refusals };
    const nowMs = clock.wallMs();
    const id = RUN_PREFIX + randomBytes(ID_BYTES).toString('hex');
    const { app, actor, reason } = request;
    const partner = registry.get('app', app)!.body.partner as string;
    const run = openRun({ id, app, partner, openedBy: actor, reason }, nowMs);
    const result = await registry.change({
      actor,
      action: 'certification.open',
      reason,
      changes: [
        { kind: 'certification', id, body: bodyOf(run), ifVersion: 0 },
        ...makeRoom(findRuns(registry, { app }), nowMs),
      ],
    });
    if ('records' in result) this.watch(registry.get('certification', id)!);
    return result;
  }

  /** Takes a call that a front saw; those of runs that are not open, or of another app, go. */
  observe(call: ObservedCall): void {
    const runId = call.requestId.split('.', 1)[0]!;
    const run = this.runs.get(runId) ?? this.adopt(runId);
    if (run === undefined || run.app !== call.appId) return;
    if (stepOf(runId, call.requestId) === undefined) return;
    run.seenCount += 1;
    if (run.seenCount <= CALLS_PER_RUN_MAX) run.pending.push(call);
  }

  /** Writes and judges what came, and ends what is due. Called by the timer, and by tests. */
  sweep(): Promise<void> {
    this.sweeping ??= this.settleAll().finally(() => {
      this.sweeping = undefined;
    });
    return this.sweeping;
  }

  /** A run that was opened on another host. */
  private adopt(runId: string): OpenRun | undefined {
    const record = this.options.registry.get('certification', runId);
    return record && this.watch(record);
  }

  private watch(record: ShownRecord): OpenRun | undefined {
    const run = runOf(record);
    if (run.state !== 'open') return undefined;
    const open = { app: run.app, dueAtMs: dueAtMs(run), pending: [], seenCount: run.callsSeen };
    this.runs.set(run.id, open);
    return open;
  }

  private async settleAll(): Promise<void> {
    const nowMs = this.options.clock.wallMs();
    for (const [id, run] of this.runs) {
      if (run.pending.length === 0 && nowMs < run.dueAtMs) continue;
      try {
        await this.settle(id, run, nowMs);
      } catch (error) {
        this.options.reportFailure(id, (error as Error).message);
      }
    }
  }

  private async settle(id: string, open: OpenRun, nowMs: number): Promise<void> {
    const { registry, reportFailure } = this.options;
    const record = registry.get('certification', id);
    if (record === undefined || runOf(record).state !== 'open') {
      this.runs.delete(id);
      return;
    }
    const written = open.pending.length;
    const run = judged(runOf(record), open.pending, nowMs);
    const result = await registry.change({
      actor: ACTOR,
      action: run.state === 'open' ? 'certification.observe' : 'certification.end',
      reason: run.why,
      changes: [{ kind: 'certification', id, body: bodyOf(run), ifVersion: record.version }],
    });
    if ('refusals' in result) {
      // Another host wrote what it saw; the next time both are judged together.
      const refusal = result.refusals.find(({ code }) => code !== 'stale');
      if (refusal !== undefined) reportFailure(id, refusal.message);
      return;
    }
    open.pending.splice(0, written);
    open.dueAtMs = dueAtMs(run);
    if (run.state !== 'open') this.runs.delete(id);
  }
}

function bodyOf(run: RunRecord): JsonObject {
  // Without the members that are undefined, which JSON does not have.
  return JSON.parse(JSON.stringify(run));
}

function refuseOpening(registry: RegistryWriter, app: string): ChangeRefusal[] {
  const refuse = (code: ChangeRefusal['code'], message: string): ChangeRefusal[] => [
    { code, kind: 'app', id: app, pointer: '', message },
  ];
  const record = registry.get('app', app)?.body;
  if (record === undefined) return refuse('missing', 'is not there');
  if (record.environment !== 'sandbox') return refuse('conflict', 'is not a sandbox app');
  if (record.status !== 'active') return refuse('conflict', 'is suspended');
  const status = registry.get('partner', record.partner as string)?.body.status as string;
  if (!CALLING_STATUSES.has(status)) {
    return refuse('conflict', `has a partner that is ${status}: its calls are not accepted`);
  }
  if (findRuns(registry, { state: 'open' }).length < OPEN_RUNS_MAX) return [];
  return refuse('conflict', `waits: ${OPEN_RUNS_MAX} runs are open, try again in a few minutes`);
}

/** Ends what is open of the app's runs, and lets its oldest go. */
function makeRoom(records: readonly ShownRecord[], nowMs: number): ProposedChange[] {
  const runs = records.map(runOf);
  const ended = runs
    .filter(({ state }) => state === 'open')
    .map(run => change(run.id, bodyOf(replaced(run, nowMs))));
  const lastPassed = runs
    .filter(({ state }) => state === 'passed')
    .reduce<RunRecord | undefined>((last, run) => (endedLater(run, last) ? run : last), undefined);
  const gone = runs
    .filter(run => run.state !== 'open' && run !== lastPassed)
    .toSorted((a, b) => (a.openedAt < b.openedAt ? -1 : 1))
    .slice(0, Math.max(0, runs.length + 1 - RUNS_PER_APP_MAX))
    .map(({ id }) => change(id, undefined));
  return [...ended, ...gone];
}

function change(id: string, body: JsonObject | undefined): ProposedChange {
  return { kind: 'certification', id, body };
}
