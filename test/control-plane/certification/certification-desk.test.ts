import { beforeEach, describe, expect, it } from 'vitest';
import {
  CertificationDesk,
  WRITE_INTERVAL_MS,
} from '../../../src/control-plane/certification/certification-desk.ts';
import { findRuns, lastPassed, runOf } from '../../../src/control-plane/certification/find-runs.ts';
import { RUNS_PER_APP_MAX } from '../../../src/control-plane/certification/make-room.ts';
import {
  RUN_MAX_MS,
  type RunRecord,
  SETTLE_MS,
} from '../../../src/control-plane/certification/report.ts';
import { STEP_NAMES } from '../../../src/control-plane/certification/steps.ts';
import {
  type ObservedCall,
  type OpenRun,
  PROVEN_CALLS_MAX,
  REFUSALS_PER_STEP_MAX,
} from '../../../src/core/observations.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import { APP_ID, PARTNER_ID, Registry } from '../onboarding/onboarding-fixture.ts';
import { ObservedCalls, RUN_ID } from './observed-calls.ts';

let registry: Registry;
let desk: CertificationDesk;
const failures: string[] = [];
/** What the fronts look out for. */
let watched: readonly OpenRun[];

const deskOn = ({ desk: writer, clock }: Registry) =>
  new CertificationDesk({
    registry: writer,
    clock,
    onOpenRuns: runs => {
      watched = runs;
    },
    reportFailure: (runId, reason) => failures.push(`${runId} ${reason}`),
  });

async function open(on = desk): Promise<string> {
  const result = await on.open({ actor: 'operator:ann', app: APP_ID, reason: 'ready' });
  if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
  return result.records[0]!.id;
}

const run = (id: string): RunRecord => runOf(registry.desk.get('certification', id)!);

/** A whole run of that id, which ends now. */
function callsOf(id: string): ObservedCall[] {
  const calls = new ObservedCalls(registry.clock.wallMs() - 15_000).wholeRun();
  return calls.map(call => ({ ...call, requestId: call.requestId.replace(RUN_ID, id) }));
}

async function pass(id: string): Promise<void> {
  for (const call of callsOf(id)) desk.observe(call);
  await desk.sweep();
  registry.clock.pass(SETTLE_MS);
  await desk.sweep();
}

beforeEach(async () => {
  failures.length = 0;
  watched = [];
  registry = await Registry.withPartner('certification');
  await registry.putApp();
  desk = deskOn(registry);
});

describe('opening a run', () => {
  it('makes a record with every step open', async () => {
    const id = await open();
    expect(id).toMatch(/^cert-[0-9a-f]{24}$/);
    expect(run(id)).toMatchObject({
      id,
      app: APP_ID,
      partner: PARTNER_ID,
      state: 'open',
      openedBy: 'operator:ann',
      reason: 'ready',
      callsSeen: 0,
    });
    expect(run(id).steps.map(({ name }) => name)).toEqual(STEP_NAMES);
    expect(Date.parse(run(id).expiresAt) - Date.parse(run(id).openedAt)).toBe(RUN_MAX_MS);
  });

  it.each([
    ['no such app', async () => undefined, 'missing', 'other-app'],
    ['a production app', () => registry.putApp({ environment: 'production' }), 'conflict', APP_ID],
    ['a suspended app', () => registry.putApp({ status: 'suspended' }), 'conflict', APP_ID],
    ['a suspended partner', () => registry.putPartner('suspended'), 'conflict', APP_ID],
  ])('is refused for %s', async (_what, prepare, code, app) => {
    await prepare();
    const result = await desk.open({ actor: 'operator:ann', app, reason: '' });
    expect(result).toMatchObject({ refusals: [{ code, kind: 'app' }] });
  });

  it('takes the place of the run that the app has open', async () => {
    const first = await open();
    const second = await open();
    expect(run(first)).toMatchObject({ state: 'expired' });
    expect(run(second)).toMatchObject({ state: 'open' });
    await pass(first);
    expect(run(first)).toMatchObject({ state: 'expired', callsSeen: 0 });
  });

  it('lets the oldest runs of the app go, but not the last that it passed', async () => {
    const passed = await open();
    await pass(passed);
    const ids: string[] = [];
    for (let i = 0; i < RUNS_PER_APP_MAX + 5; i += 1) {
      registry.clock.pass(1_000);
      ids.push(await open());
    }
    const kept = findRuns(registry.desk, { app: APP_ID }).map(record => record.id);
    expect(kept).toHaveLength(RUNS_PER_APP_MAX);
    expect(new Set(kept)).toEqual(new Set([passed, ...ids.slice(1 - RUNS_PER_APP_MAX)]));
    expect(lastPassed(registry.desk, PARTNER_ID)?.id).toBe(passed);
  });
});

describe('a run', () => {
  it('passes a second after the last step was decided, with the calls that show it', async () => {
    const id = await open();
    for (const call of callsOf(id)) desk.observe(call);
    await desk.sweep();
    expect(run(id)).toMatchObject({ state: 'open', callsSeen: 15 });
    registry.clock.pass(SETTLE_MS - 1);
    await desk.sweep();
    expect(run(id).state).toBe('open');
    registry.clock.pass(1);
    await desk.sweep();
    expect(run(id)).toMatchObject({ state: 'passed', callsSeen: 15 });
    expect(run(id)).not.toHaveProperty('calls');
    const replay = run(id).steps.find(({ name }) => name === 'refused-replay')!;
    expect(replay).toMatchObject({
      state: 'passed',
      evidence: [{ status: 200 }, { status: 401, code: 'signature-replayed' }],
    });
    expect(failures).toEqual([]);
  });

  it('fails where a late call spoils a step before the verdict', async () => {
    const id = await open();
    for (const call of callsOf(id)) desk.observe(call);
    await desk.sweep();
    const refused = callsOf(id).find(({ status }) => status === 422)!;
    desk.observe({ ...refused, requestId: `${id}.error-handling.99` });
    registry.clock.pass(SETTLE_MS);
    await desk.sweep();
    registry.clock.pass(SETTLE_MS);
    await desk.sweep();
    expect(run(id)).toMatchObject({ state: 'failed' });
    expect(lastPassed(registry.desk, PARTNER_ID)).toBeUndefined();
  });

  it('expires with what was not seen, or fails with what failed', async () => {
    const id = await open();
    desk.observe(callsOf(id)[0]!);
    await desk.sweep();
    registry.clock.pass(RUN_MAX_MS);
    await desk.sweep();
    expect(run(id)).toMatchObject({ state: 'expired', callsSeen: 1 });
    const second = await open();
    for (const call of callsOf(second).filter(({ status }) => status === 422)) {
      desk.observe(call);
      desk.observe({ ...call, requestId: `${call.requestId}9` });
    }
    registry.clock.pass(RUN_MAX_MS);
    await desk.sweep();
    expect(run(second)).toMatchObject({ state: 'failed' });
  });

  it('is judged by calls of its own app and steps, and by so many of them at most', async () => {
    const id = await open();
    const [good] = callsOf(id);
    desk.observe({ ...good!, appId: 'other-app' });
    desk.observe({ ...good!, requestId: `${id}.no-such-step.1` });
    desk.observe({ ...good!, requestId: 'cert-unknown.rotation.1' });
    for (let i = 0; i < PROVEN_CALLS_MAX + 20; i += 1) {
      desk.observe({ ...good!, requestId: `${id}.valid-signature.${i}` });
    }
    await desk.sweep();
    expect(run(id).callsSeen).toBe(PROVEN_CALLS_MAX);
  });

  it('passes whatever refusals come in the names of its keys', async () => {
    const id = await open();
    const refused = callsOf(id).find(({ code }) => code === 'signature-replayed')!;
    for (const step of ['refused-replay', 'valid-signature', 'error-handling']) {
      for (let i = 0; i < 1_000; i += 1) {
        desk.observe({ ...refused, requestId: `${id}.${step}.flood-${i}` });
      }
    }
    await pass(id);
    const callsSeen = 14 + REFUSALS_PER_STEP_MAX;
    expect(run(id)).toMatchObject({ state: 'passed', callsSeen });
  });

  it('is written every few seconds at most, and shown with what is not written yet', async () => {
    const id = await open();
    const { revision } = registry.desk;
    const [good] = callsOf(id);
    for (let i = 0; i < PROVEN_CALLS_MAX; i += 1) {
      desk.observe({ ...good!, requestId: `${id}.valid-signature.${i}` });
      await desk.sweep();
      registry.clock.pass(500);
    }
    const writes = registry.desk.revision - revision;
    expect(writes).toBe((PROVEN_CALLS_MAX * 500) / WRITE_INTERVAL_MS);
    expect(run(id).callsSeen).toBeLessThan(PROVEN_CALLS_MAX);
    const shown = desk.report(registry.desk.get('certification', id)!);
    expect(shown).toMatchObject({ state: 'open', callsSeen: PROVEN_CALLS_MAX });
    const entries = await registry.desk.auditAfter(0, 1_000);
    const told = entries.filter(({ action }) => action === 'certification.observe');
    expect(told.at(-1)!.changes[0]).toMatchObject({ after: { calls: run(id).callsSeen } });
    expect(JSON.stringify(told).length).toBeLessThan(100_000);
    await desk.close();
    expect(run(id).callsSeen).toBe(PROVEN_CALLS_MAX);
  });

  it('is what the fronts look out for, from its opening to its end', async () => {
    expect(watched).toEqual([]);
    const first = await open();
    expect(watched).toEqual([{ id: first, app: APP_ID }]);
    const second = await open();
    expect(watched).toEqual([{ id: second, app: APP_ID }]);
    await pass(second);
    expect(watched).toEqual([]);
  });

  it('says in the audit log who opened it and who judged', async () => {
    await pass(await open());
    const entries = await registry.desk.auditAfter(0, 1_000);
    const told = entries.map(({ actor, action }) => `${actor} ${action}`);
    expect(told.filter(text => text.includes('certification.'))).toEqual([
      'operator:ann certification.open',
      'system:certification certification.observe',
      'system:certification certification.end',
    ]);
  });
});

describe('what happens at the same time', () => {
  it.each([
    ['behind', 'passed'],
    ['before', 'expired'],
  ])('opening %s the verdict leaves a run that is %s, and ends it once', async (order, state) => {
    const id = await open();
    for (const call of callsOf(id)) desk.observe(call);
    await desk.sweep();
    registry.clock.pass(SETTLE_MS);
    const verdict = order === 'behind' ? desk.sweep() : undefined;
    const opening = open();
    await (verdict ?? desk.sweep());
    const next = await opening;
    expect(run(id).state).toBe(state);
    expect(run(next).state).toBe('open');
    const entries = await registry.desk.auditAfter(0, 1_000);
    const ends = entries
      .flatMap(({ changes }) => changes)
      .filter(change => change.id === id && change.after?.state !== 'open');
    expect(ends).toHaveLength(1);
  });

  it('two openings leave one run open', async () => {
    const ids = await Promise.all([open(), open(), open()]);
    const states = ids.map(id => run(id).state);
    expect(states.filter(state => state === 'open')).toHaveLength(1);
    expect(watched).toHaveLength(1);
  });

  it('a run is not opened for an app that is gone when its turn comes', async () => {
    const removal = registry.desk.change({
      ...{ actor: 'operator:ann', action: 'app.delete', reason: '' },
      changes: [{ kind: 'app', id: APP_ID, body: undefined }],
    });
    const opening = desk.open({ actor: 'operator:ann', app: APP_ID, reason: '' });
    expect(await removal).not.toHaveProperty('refusals');
    expect(await opening).toMatchObject({ refusals: [{ code: 'missing' }] });
  });
});

describe('a run that passed', () => {
  it('does not count for an app that was made anew under the same id', async () => {
    await pass(await open());
    expect(lastPassed(registry.desk, PARTNER_ID)).toBeDefined();
    const changes = [{ kind: 'app', id: APP_ID, body: undefined } as const];
    await registry.desk.change({ actor: 'a', action: 'app.delete', reason: '', changes });
    expect(lastPassed(registry.desk, PARTNER_ID)).toBeUndefined();
    await registry.putApp();
    expect(lastPassed(registry.desk, PARTNER_ID)).toBeUndefined();
    await pass(await open());
    expect(lastPassed(registry.desk, PARTNER_ID)).toBeDefined();
  });
});

describe('several hosts on one registry', () => {
  it('judge a run together, and after a restart', async () => {
    const store = createMemoryRegistryStore();
    registry = await Registry.open(store);
    await registry.putPartner('certification');
    await registry.putApp();
    desk = deskOn(registry);
    const id = await open();
    const other = await Registry.open(store, registry.clock);
    const otherDesk = deskOn(other);
    otherDesk.start();
    const calls = callsOf(id);
    calls.forEach((call, index) => {
      (index % 2 === 0 ? desk : otherDesk).observe(call);
    });
    await desk.sweep();
    // Stale: the first host wrote. It follows, and the next sweep judges by both.
    await otherDesk.sweep();
    await otherDesk.sweep();
    await otherDesk.close();
    const restarted = await Registry.open(store, registry.clock);
    const restartedDesk = deskOn(restarted);
    restartedDesk.start();
    registry.clock.pass(SETTLE_MS);
    await restartedDesk.sweep();
    await restartedDesk.close();
    const record = restarted.desk.get('certification', id)!;
    expect(runOf(record)).toMatchObject({ state: 'passed', callsSeen: 15 });
    expect(failures).toEqual([]);
  });
});
