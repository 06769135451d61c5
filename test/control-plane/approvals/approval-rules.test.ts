import { describe, expect, it } from 'vitest';
import { neededApprovals } from '../../../src/control-plane/approvals/approval-rules.ts';
import type { ProposedChange } from '../../../src/control-plane/registry/desk-contract.ts';
import { type AnyKind, idOf, type RecordKind } from '../../../src/control-plane/registry/kinds.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import {
  APP,
  DeskUnderTest,
  KEY,
  PARTNER,
  PLAN,
  SUBSCRIPTION,
  WHOLE,
} from '../registry/desk-fixture.ts';

const CREDENTIALS = 'production-credentials';
const CLOSURE = 'partner-closure';
const STRICT = { ...PLAN, approvals: [CREDENTIALS, CLOSURE] };
const LAX = { ...PLAN, id: 'lax' };
const SANDBOX_APP = { ...APP, id: 'box', environment: 'sandbox' };
const FREE_APP = { ...APP, id: 'free' };

const LISTS = {
  ...WHOLE,
  apps: [APP, SANDBOX_APP, FREE_APP],
  keys: [KEY, { ...KEY, id: 'box-key', app: 'box' }, { ...KEY, id: 'free-key', app: 'free' }],
  plans: [STRICT, LAX],
  subscriptions: [
    SUBSCRIPTION,
    { ...SUBSCRIPTION, app: 'box' },
    { ...SUBSCRIPTION, app: 'free', plan: 'lax' },
  ],
};

const put = (kind: RecordKind, body: JsonObject): ProposedChange => {
  return { kind, id: idOf(kind, body), body };
};
const remove = (kind: AnyKind, id: string): ProposedChange => ({ kind, id, body: undefined });

/** `rule kind/id` of each that is needed. */
async function needed(
  changes: readonly ProposedChange[],
  lists: Record<string, JsonObject[]> = {},
): Promise<string[]> {
  const under = await DeskUnderTest.open();
  const applied = await under.apply({ ...LISTS, ...lists });
  if ('refusals' in applied) throw new Error(JSON.stringify(applied.refusals));
  return neededApprovals(under.desk, changes).map(({ rule, kind, id }) => `${rule} ${kind}/${id}`);
}

const strictKey = put('key', { ...KEY, id: 'k2' });

describe('four eyes are asked for', () => {
  it.each<[name: string, changes: ProposedChange[], wanted: string]>([
    ['a new key of a production app', [strictKey], `${CREDENTIALS} key/k2`],
    [
      'a change that leaves a key usable',
      [put('key', { ...KEY, notAfter: '2030-01-01T00:00:00Z' })],
      `${CREDENTIALS} key/k1`,
    ],
    [
      'a key that moves to such an app',
      [put('key', { ...KEY, id: 'free-key' })],
      `${CREDENTIALS} key/free-key`,
    ],
    [
      'a sandbox app with keys that goes into production',
      [put('app', { ...SANDBOX_APP, environment: 'production' })],
      `${CREDENTIALS} app/box`,
    ],
    [
      'the same, where production is the default',
      [put('app', { id: 'box', partner: PARTNER.id })],
      `${CREDENTIALS} app/box`,
    ],
    [
      'an app with keys that comes under such a plan',
      [put('subscription', { ...SUBSCRIPTION, app: 'free' })],
      `${CREDENTIALS} subscription/free.retail`,
    ],
    [
      'a key that comes together with the subscription',
      [
        put('app', { ...APP, id: 'fresh' }),
        put('key', { ...KEY, id: 'k3', app: 'fresh' }),
        put('subscription', { ...SUBSCRIPTION, app: 'fresh' }),
      ],
      `${CREDENTIALS} key/k3`,
    ],
    [
      'a key that comes together with the end of the subscription',
      [strictKey, put('subscription', { ...SUBSCRIPTION, status: 'ended' })],
      `${CREDENTIALS} key/k2`,
    ],
    ['closing a partner', [put('partner', { ...PARTNER, status: 'closed' })], CLOSURE],
    ['deleting a partner', [remove('partner', PARTNER.id)], CLOSURE],
    ['a plan that drops a rule', [put('plan', { ...STRICT, approvals: [CLOSURE] })], CREDENTIALS],
    ['a plan that has none any more', [put('plan', PLAN)], CREDENTIALS],
  ])('for %s', async (_, changes, wanted) => {
    const found = await needed(changes);
    expect(found[0]).toContain(wanted);
  });

  it('where a closure takes the app and its subscription along', async () => {
    const changes = [
      put('partner', { ...PARTNER, status: 'closed' }),
      put('subscription', { ...SUBSCRIPTION, status: 'ended' }),
      put('key', { ...KEY, revoked: true }),
    ];
    expect(await needed(changes)).toEqual([`${CLOSURE} partner/${PARTNER.id}`]);
  });
});

describe('one person is enough', () => {
  it.each<[name: string, changes: ProposedChange[]]>([
    ['a revocation', [put('key', { ...KEY, revoked: true })]],
    ['a key that goes', [remove('key', KEY.id)]],
    ['a key of a sandbox app', [put('key', { ...KEY, id: 'k2', app: 'box' })]],
    ['a key of an app under another plan', [put('key', { ...KEY, id: 'k2', app: 'free' })]],
    ['a key of an app that is not there', [put('key', { ...KEY, id: 'k2', app: 'nobody' })]],
    ['an app that is new', [put('app', { ...APP, id: 'fresh' })]],
    ['an app that stays where it is', [put('app', { ...APP, name: 'Other' })]],
    ['a subscription that ends', [put('subscription', { ...SUBSCRIPTION, status: 'ended' })]],
    ['suspending a partner', [put('partner', { ...PARTNER, status: 'suspended' })]],
    ['a plan that asks for more', [put('plan', { ...LAX, approvals: [CLOSURE] })]],
    ['a plan that stays as strict', [put('plan', { ...STRICT, name: 'Other' })]],
    ['what is no record of ours at all', [put('key', { app: 7 }), put('partner', { id: [] })]],
  ])('for %s', async (_, changes) => {
    expect(await needed(changes)).toEqual([]);
  });

  it('for whatever a plan says that nobody subscribes under any more', async () => {
    const subscriptions = [{ ...SUBSCRIPTION, status: 'ended' }];
    const closing = put('partner', { ...PARTNER, status: 'closed' });
    expect(await needed([put('plan', PLAN), strictKey, closing], { subscriptions })).toEqual([]);
  });
});
