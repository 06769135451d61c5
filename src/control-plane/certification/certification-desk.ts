/**
 * Opens certification runs, gathers what the fronts saw of their calls, and gives the verdict.
 *
 * What was seen is written into the run's record every few seconds and with the verdict, so that a
 * run survives a restart and several hosts may see the calls of one: each writes what it saw, and
 * judges by all of it.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import {
  CallBudget,
  type ObservedCall,
  OPEN_RUNS_MAX,
  type OpenRun,
  RUN_PREFIX,
  readRequestId,
} from '../../core/observations.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import { ChangeQueue } from '../registry/change-queue.ts';
import type {
  ChangedIds,
  ChangeRefusal,
  ChangeResult,
  RegistryWatch,
  RegistryWriter,
  ShownRecord,
} from '../registry/desk-contract.ts';
import { findRuns, runOf } from './find-runs.ts';
import { makeRoom } from './make-room.ts';
import { dueAtMs, judged, openRun, type RunRecord, shownReport } from './report.ts';
import { stepOf } from './steps.ts';

const SWEEP_INTERVAL_MS = 500;
/** Between two writes of what was seen of a run. */
export const WRITE_INTERVAL_MS = 5_000;
/** How long the answer that opens a run waits for the fronts to look out for it. */
const SERVED_MAX_MS = 1_000;
/** Other hosts may change the app's runs in between. */
const OPEN_ATTEMPTS_MAX = 5;
const ID_BYTES = 12;
const ACTOR = 'system:certification';
/** Where its onboarding must stand for a partner's sandbox apps to be accepted. */
const CALLING_STATUSES = new Set(['sandbox', 'certification', 'production']);

export interface CertificationDeskOptions {
  readonly registry: RegistryWriter & RegistryWatch;
  readonly clock: Clock;
  /** Told all runs that are open whenever they are others; the fronts look out for their calls. */
  readonly onOpenRuns: (runs: readonly OpenRun[]) => void;
  /** Told why a run could not be written; it is tried again half a second later. */
  readonly reportFailure: (runId: string, reason: string) => void;
}

export interface OpeningRequest {
  /** `operator:<id>`. */
  readonly actor: string;
  readonly app: string;
  readonly reason: string;
}

interface WatchedRun {
  readonly app: string;
  /** Seen here and not written yet. */
  readonly pending: ObservedCall[];
  readonly budget: CallBudget;
  /** When it is to be looked at although nothing came; 0: at once. */
  dueAtMs: number;
  writtenAtMs: number;
}

export class CertificationDesk {
  private readonly options: CertificationDeskOptions;
  /** All that are open, on whichever host they were opened. */
  private readonly runs = new Map<string, WatchedRun>();
  private readonly queue = new ChangeQueue();
  private readonly endWatch: () => void;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;

  constructor(options: CertificationDeskOptions) {
    this.options = options;
    this.endWatch = options.registry.watch(changed => this.follow(changed));
  }

  /** Takes up what was open when the process ended, and looks after open runs from here on. */
  start(): void {
    for (const record of findRuns(this.options.registry, { state: 'open' })) this.watch(record);
    this.tellOpenRuns();
    this.timer = setInterval(() => void this.sweep(), SWEEP_INTERVAL_MS);
    this.timer.unref();
  }

  /** Writes what is still to be written. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
    await this.queue.runAnyway(() => this.settleAll(true));
    await this.queue.close();
    this.endWatch();
  }

  /**
   * Opens a run in place of the one that the app has open. Resolves when every front looks out for
   * its calls, or a second later.
   *
   * @throws RegistryStoreError where the store cannot commit
   */
  async open(request: OpeningRequest): Promise<ChangeResult> {
    const result = await this.queue.run(() => this.openInTurn(request));
    if ('records' in result) await this.options.registry.served(result.revision, SERVED_MAX_MS);
    return result;
  }

  /** Takes a call that a front saw; those of runs that are not open, or of another app, go. */
  observe(call: ObservedCall): void {
    const { runId } = readRequestId(call.requestId);
    const run = this.runs.get(runId);
    if (run === undefined || run.app !== call.appId) return;
    const step = stepOf(runId, call.requestId);
    if (step === undefined || !run.budget.take(step, call.proven)) return;
    run.pending.push(call);
    run.dueAtMs = 0;
  }

  /** The report of a run, with what was seen here and is not written yet. */
  report({ id, body }: ShownRecord): JsonObject {
    const pending = this.runs.get(id)?.pending ?? [];
    if (pending.length === 0) return shownReport(body);
    return shownReport(bodyOf(judged(body as unknown as RunRecord, pending, 0)));
  }

  /** Judges what came, writes it where that is due, and ends what is over. For timer and tests. */
  sweep(): Promise<void> {
    this.sweeping ??= this.queue
      .runAnyway(() => this.settleAll(false))
      .finally(() => {
        this.sweeping = undefined;
      });
    return this.sweeping;
  }

  /** What was committed here or on another host. */
  private follow(changed: ChangedIds): void {
    const before = this.runs.size;
    let isOther = false;
    for (const id of changed.get('certification')?.keys() ?? []) {
      const record = this.options.registry.get('certification', id);
      if (record === undefined || runOf(record).state !== 'open') this.runs.delete(id);
      else if (this.watch(record)) isOther = true;
    }
    if (isOther || this.runs.size !== before) this.tellOpenRuns();
  }

  /** Whether it was not watched before. */
  private watch(record: ShownRecord): boolean {
    const run = runOf(record);
    const known = this.runs.get(run.id);
    if (known !== undefined) known.dueAtMs = 0;
    else this.runs.set(run.id, watchedRun(run));
    return known === undefined;
  }

  private tellOpenRuns(): void {
    this.options.onOpenRuns([...this.runs].map(([id, { app }]) => ({ id, app })));
  }

  private async openInTurn(request: OpeningRequest): Promise<ChangeResult> {
    for (let attempt = 1; ; attempt++) {
      const result = await this.tryOpening(request);
      const isStale = 'refusals' in result && result.refusals.some(({ code }) => code === 'stale');
      if (!isStale || attempt === OPEN_ATTEMPTS_MAX) return result;
    }
  }

  private async tryOpening({ app, actor, reason }: OpeningRequest): Promise<ChangeResult> {
    const { registry, clock } = this.options;
    const refusals = this.refuseOpening(app);
    if (refusals.length > 0) return { refusals };
    const nowMs = clock.wallMs();
    const id = RUN_PREFIX + randomBytes(ID_BYTES).toString('hex');
    const { body, createdAtMs } = registry.get('app', app)!;
    const partner = body.partner as string;
    const run = openRun(
      { id, app, appCreatedAtMs: createdAtMs, partner, openedBy: actor, reason },
      nowMs,
    );
    const room = makeRoom(findRuns(registry, { app }), nowMs);
    const ended = new Set(room.map(change => change.id));
    return registry.change({
      ...{ actor, reason, action: 'certification.open' },
      changes: [{ kind: 'certification', id, body: bodyOf(run), ifVersion: 0 }, ...room],
      // Another host may have opened one, or the app be another by now.
      onlyWhile: () =>
        registry.get('app', app)?.createdAtMs === createdAtMs &&
        this.refuseOpening(app).length === 0 &&
        [...this.runs].every(([other, watched]) => watched.app !== app || ended.has(other)),
    });
  }

  private refuseOpening(app: string): ChangeRefusal[] {
    const others = [...this.runs.values()].filter(run => run.app !== app);
    return refuseOpening(this.options.registry, app, others.length);
  }

  private async settleAll(isLast: boolean): Promise<void> {
    const nowMs = this.options.clock.wallMs();
    for (const [id, run] of this.runs) {
      if (nowMs < run.dueAtMs && !isLast) continue;
      try {
        await this.settle(id, run, nowMs, isLast);
      } catch (error) {
        run.dueAtMs = 0;
        this.options.reportFailure(id, (error as Error).message);
      }
    }
  }

  private async settle(
    id: string,
    watched: WatchedRun,
    nowMs: number,
    isLast: boolean,
  ): Promise<void> {
    const { registry, reportFailure } = this.options;
    const record = registry.get('certification', id)!;
    const { pending } = watched;
    const count = pending.length;
    const run = judged(runOf(record), pending, nowMs);
    const isOpen = run.state === 'open';
    const writeAtMs =
      count === 0 ? Number.POSITIVE_INFINITY : watched.writtenAtMs + WRITE_INTERVAL_MS;
    watched.dueAtMs = Math.min(dueAtMs(run), writeAtMs);
    const isWriting = isOpen ? nowMs >= writeAtMs || (isLast && count > 0) : true;
    if (!isWriting) return;
    const result = await registry.change({
      actor: ACTOR,
      action: isOpen ? 'certification.observe' : 'certification.end',
      reason: run.why,
      changes: [{ kind: 'certification', id, body: bodyOf(run), ifVersion: record.version }],
    });
    if ('refusals' in result) {
      watched.dueAtMs = 0;
      // Another host wrote what it saw; the next time both are judged together.
      const refusal = result.refusals.find(({ code }) => code !== 'stale');
      if (refusal !== undefined) reportFailure(id, refusal.message);
      return;
    }
    pending.splice(0, count);
    watched.writtenAtMs = nowMs;
  }
}

function watchedRun(run: RunRecord): WatchedRun {
  const budget = new CallBudget();
  for (const call of run.calls ?? []) {
    budget.take(readRequestId(call.requestId).step, call.proven);
  }
  return { app: run.app, pending: [], budget, dueAtMs: 0, writtenAtMs: 0 };
}

/** Without the members that are undefined, which JSON does not have. */
function bodyOf(run: RunRecord): JsonObject {
  return JSON.parse(JSON.stringify(run));
}

function refuseOpening(registry: RegistryWriter, app: string, otherRuns: number): ChangeRefusal[] {
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
  if (otherRuns < OPEN_RUNS_MAX) return [];
  return refuse('conflict', `waits: ${OPEN_RUNS_MAX} runs are open, try again in a few minutes`);
}
