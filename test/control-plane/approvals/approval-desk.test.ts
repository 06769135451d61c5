import { describe, expect, it } from 'vitest';
import { ApprovalDesk } from '../../../src/control-plane/approvals/approval-desk.ts';
import { APPROVAL_EXPIRES_AFTER_MS } from '../../../src/control-plane/approvals/approval-record.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { SettableClock } from '../../stores/settable-clock.ts';
import {
  DeskUnderTest,
  KEY,
  PLAN,
  refusalsOf,
  SUBSCRIPTION,
  WHOLE,
} from '../registry/desk-fixture.ts';

const STRICT = { ...PLAN, approvals: ['production-credentials'] };
const DAY_MS = 86_400_000;

const ann = { id: 'ann', roles: ['partner-manager'] } as const;
const bob = { id: 'bob', roles: ['partner-manager'] } as const;

async function open(lists: Record<string, JsonObject[]> = {}) {
  const clock = new SettableClock();
  const under = await DeskUnderTest.open(undefined, { clock });
  await under.apply({ ...WHOLE, plans: [STRICT], ...lists });
  return { under, clock, approvals: new ApprovalDesk(under.desk, clock) };
}

function aKey(id: string) {
  return {
    ...{ action: 'key.create', reason: 'Rotation' },
    changes: [{ kind: 'key', id, body: { ...KEY, id }, ifVersion: 0 }],
  } as const;
}

const SUBSCRIBE = {
  ...{ action: 'subscription.create', reason: '' },
  changes: [{ kind: 'subscription', id: 'nebula-app.retail', body: SUBSCRIPTION }],
} as const;

describe('an approval desk', () => {
  it('carries out at once what needs no approval', async () => {
    const { under, approvals } = await open({ plans: [PLAN] });
    expect(await approvals.propose(ann, aKey('k2'))).toMatchObject({ records: [{ id: 'k2' }] });
    expect(under.desk.count('approval')).toBe(0);
  });

  it('keeps nothing of a change that would change nothing', async () => {
    const { under, approvals } = await open();
    const { revision } = under.desk;
    const same = { ...aKey(KEY.id), changes: [{ kind: 'key', id: KEY.id, body: KEY }] } as const;
    expect(await approvals.propose(ann, same)).toMatchObject({ revision });
    expect(under.desk.count('approval')).toBe(0);
  });

  it('lets nobody slip a key in beside the subscription that puts it under a plan', async () => {
    const { under, approvals } = await open({ keys: [], subscriptions: [] });
    // Neither of them needs an approval before the other is there.
    const outcomes = await Promise.all([
      approvals.propose(ann, aKey('k2')),
      approvals.propose(ann, SUBSCRIBE),
    ]);
    expect(outcomes.map(outcome => 'approval' in outcome)).toEqual([false, true]);
    expect(under.desk.get('subscription', 'nebula-app.retail')).toBeUndefined();
  });

  it('asks again where another host was quicker', async () => {
    const { under, approvals } = await open({ subscriptions: [] });
    const other = await DeskUnderTest.open(under.store);
    under.store.beforeCommit.push(async () => {
      await other.put('subscription', SUBSCRIPTION);
    });
    const outcome = await approvals.propose(ann, aKey('k2'));
    expect(outcome).toHaveProperty('approval');
    expect(under.desk.get('key', 'k2')).toBeUndefined();
  });

  it('forgets what was decided 90 days ago, and writes down what has expired', async () => {
    const { under, clock, approvals } = await open();
    const idOf = async (key: string) => {
      const outcome = await approvals.propose(ann, aKey(key));
      if (!('approval' in outcome)) throw new Error(JSON.stringify(outcome));
      return outcome.approval.id;
    };
    const rejected = await idOf('k2');
    await approvals.reject(bob, rejected, 'No');
    const expired = await idOf('k3');
    clock.pass(APPROVAL_EXPIRES_AFTER_MS + 1);
    await idOf('k4');
    expect(under.desk.get('approval', expired)!.body.state).toBe('expired');
    expect(under.desk.get('approval', rejected)!.body.state).toBe('rejected');
    clock.pass(90 * DAY_MS);
    await idOf('k5');
    expect(under.desk.get('approval', rejected)).toBeUndefined();
    expect(under.desk.get('approval', expired)).toBeUndefined();
  });

  it('keeps at most 1,000 that wait', async () => {
    const { under, clock, approvals } = await open();
    const outcome = await approvals.propose(ann, aKey('k2'));
    if (!('approval' in outcome)) throw new Error('no approval');
    const { body } = outcome.approval;
    const ids = Array.from({ length: 999 }, (_, i) => `apr-${i}`);
    await under.change(
      ...ids.map(id => ({ kind: 'approval', id, body: { ...body, id } }) as const),
    );
    expect(refusalsOf(await approvals.propose(ann, aKey('k3')))).toEqual(['conflict approval/']);
    clock.pass(APPROVAL_EXPIRES_AFTER_MS + 1);
    expect(await approvals.propose(ann, aKey('k3'))).toHaveProperty('approval');
  });
});
