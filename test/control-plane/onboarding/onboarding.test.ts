import { beforeEach, describe, expect, it } from 'vitest';
import { openRun } from '../../../src/control-plane/certification/report.ts';
import { HISTORY_STEPS_MAX } from '../../../src/control-plane/onboarding/history.ts';
import { planStep, viewOnboarding } from '../../../src/control-plane/onboarding/onboarding.ts';
import type { PartnerStatus } from '../../../src/control-plane/registry/schema.ts';
import { PARTNER_STATUSES } from '../../../src/control-plane/registry/schema.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { APP_ID, PARTNER_ID, Registry } from './onboarding-fixture.ts';

const DAY_MS = 24 * 3_600_000;

let registry: Registry;

const partner = () => registry.desk.get('partner', PARTNER_ID)!;

const view = () => viewOnboarding(registry.desk, partner(), registry.clock.wallMs());

/** What is missing for a step; undefined where there is no way to it. */
const missing = (to: PartnerStatus) => view().next.find(step => step.to === to)?.missing;

function plan(to: PartnerStatus) {
  const step = { to, by: 'operator:ann', reason: 'as agreed', nowMs: registry.clock.wallMs() };
  return planStep(registry.desk, PARTNER_ID, step);
}

/** Takes the step; throws with what is refused. */
async function take(to: PartnerStatus): Promise<void> {
  const planned = plan(to);
  if ('refusals' in planned) throw new Error(planned.refusals.map(r => r.message).join('; '));
  const trace = { actor: 'operator:ann', action: 'partner.transition', reason: 'as agreed' };
  const result = await registry.desk.change({ ...trace, changes: planned.changes });
  if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
}

function putPassed(endedAtMs: number, overrides: JsonObject = {}): Promise<void> {
  const opening = {
    ...{ id: 'cert-1', app: APP_ID, partner: PARTNER_ID, openedBy: 'a', reason: '' },
    appCreatedAtMs: registry.desk.get('app', APP_ID)!.createdAtMs,
  };
  const { calls: _calls, ...run } = openRun(opening, endedAtMs);
  const endedAt = new Date(endedAtMs).toISOString();
  const body = { ...run, state: 'passed', endedAt, ...overrides };
  return registry.put('certification', body as unknown as JsonObject);
}

describe('the whole way', () => {
  beforeEach(async () => {
    registry = await Registry.withPartner('applied');
  });

  it('leads from the application to production, one step after the other', async () => {
    await take('in-review');
    await registry.putApp();
    await registry.putKey();
    await take('sandbox');
    await registry.putSubscription();
    await take('certification');
    await putPassed(registry.clock.wallMs());
    await take('production');
    expect(registry.status()).toBe('production');
    expect(view().steps.map(({ from, to }) => [from, to])).toEqual([
      ['applied', 'in-review'],
      ['in-review', 'sandbox'],
      ['sandbox', 'certification'],
      ['certification', 'production'],
    ]);
    expect(view().steps[0]).toEqual({
      from: 'applied',
      to: 'in-review',
      by: 'operator:ann',
      at: new Date(registry.clock.wallMs()).toISOString(),
      reason: 'as agreed',
    });
  });

  it('takes no step twice and leaves none out', () => {
    const others = PARTNER_STATUSES.filter(to => to !== 'in-review' && to !== 'closed');
    for (const to of others) {
      expect(plan(to)).toMatchObject({ refusals: [{ code: 'conflict', pointer: '/status' }] });
    }
  });

  it('writes the history in the commit of the partner, and so into the audit log', async () => {
    await take('in-review');
    const { sequence } = await registry.desk.auditHead();
    const [entry] = await registry.desk.auditAfter(sequence - 1, 1);
    expect(entry).toMatchObject({ actor: 'operator:ann', reason: 'as agreed' });
    expect(entry!.changes.map(({ kind, id }) => [kind, id])).toEqual([
      ['partner', PARTNER_ID],
      ['onboarding', PARTNER_ID],
    ]);
  });

  it('is refused where the partner was changed meanwhile', async () => {
    const planned = plan('in-review');
    if ('refusals' in planned) throw new Error('refused');
    await registry.putPartner('applied', []);
    const trace = { actor: 'operator:ann', action: 'partner.transition', reason: 'late' };
    const result = await registry.desk.change({ ...trace, changes: planned.changes });
    expect(result).toMatchObject({ refusals: [{ code: 'stale' }] });
  });

  it('keeps the latest steps in the record, and counts those that it let go of', async () => {
    for (let i = 0; i < HISTORY_STEPS_MAX / 2 + 1; i += 1) {
      await take('in-review');
      await take('applied');
    }
    expect(view().steps).toHaveLength(HISTORY_STEPS_MAX);
    expect(view().forgotten).toBe(2);
  });
});

describe('what a step needs', () => {
  it('for the review is a security contact and a technical one', async () => {
    registry = await Registry.withPartner('applied');
    expect(missing('in-review')).toEqual([]);
    await registry.putPartner('applied', []);
    expect(missing('in-review')).toHaveLength(2);
    expect(plan('in-review')).toMatchObject({
      refusals: [{ code: 'conflict' }, { code: 'conflict' }],
    });
  });

  it('for the sandbox is an active sandbox app with a key that is valid now', async () => {
    registry = await Registry.withPartner('in-review');
    const isReady = () => missing('sandbox')!.length === 0;
    expect(isReady()).toBe(false);
    await registry.putApp();
    expect(isReady()).toBe(false);
    await registry.putKey();
    expect(isReady()).toBe(true);
    const at = (days: number) => new Date(registry.clock.wallMs() + days * DAY_MS).toISOString();
    for (const spoiled of [{ revoked: true }, { notBefore: at(1) }, { notAfter: at(-1) }]) {
      await registry.putKey(spoiled);
      expect(isReady()).toBe(false);
    }
    await registry.putKey({ notBefore: at(-1), notAfter: at(1) });
    expect(isReady()).toBe(true);
    for (const spoiled of [{ status: 'suspended' }, { environment: 'production' }]) {
      await registry.putApp(spoiled);
      expect(isReady()).toBe(false);
    }
  });

  it('for certification is an approved subscription of a sandbox app', async () => {
    registry = await Registry.withPartner('sandbox');
    await registry.putApp();
    expect(missing('certification')).toHaveLength(1);
    await registry.putSubscription({ status: 'requested' });
    expect(missing('certification')).toHaveLength(1);
    await registry.putSubscription({ status: 'approved' });
    expect(missing('certification')).toEqual([]);
  });

  it('for production is a passed certification of at most 90 days', async () => {
    registry = await Registry.withPartner('certification');
    await registry.putApp();
    expect(missing('production')).toHaveLength(1);
    await putPassed(registry.clock.wallMs() - 90 * DAY_MS);
    expect(missing('production')).toEqual([]);
    registry.clock.pass(1);
    expect(missing('production')).toHaveLength(1);
    for (const other of [{ state: 'failed' }, { partner: 'other' }, { app: 'other-app' }]) {
      await putPassed(registry.clock.wallMs(), other);
      expect(missing('production')).toHaveLength(1);
    }
  });
});

describe('suspension', () => {
  it.each(['sandbox', 'certification', 'production'] as const)(
    'leads out of %s and back to it, whatever is missing by then',
    async from => {
      registry = await Registry.withPartner(from);
      await take('suspended');
      expect(view().next.map(({ to }) => to)).toEqual([from, 'closed']);
      await take(from);
      expect(registry.status()).toBe(from);
    },
  );

  it('is not for whoever has not come so far', async () => {
    registry = await Registry.withPartner('in-review');
    expect(missing('suspended')).toBeUndefined();
  });

  it('that is not in the history ends where the partner has what is needed', async () => {
    registry = await Registry.withPartner('suspended');
    await registry.putApp();
    await registry.putSubscription();
    const open = view().next.filter(step => step.missing.length === 0);
    expect(open.map(({ to }) => to)).toEqual(['certification', 'closed']);
  });
});

describe('closing', () => {
  it.each(PARTNER_STATUSES.filter(status => status !== 'closed'))(
    'is possible from %s, and is the end',
    async from => {
      registry = await Registry.withPartner(from);
      await take('closed');
      expect(view().next).toEqual([]);
      for (const to of PARTNER_STATUSES) expect(plan(to)).toHaveProperty('refusals');
    },
  );
});
