import { describe, expect, it } from 'vitest';
import { APPROVAL_EXPIRES_AFTER_MS } from '../../../src/control-plane/approvals/approval-record.ts';
import { AdminUnderTest, type Answer, placesOf, refusalOf } from './admin-fixture.ts';
import { APP, aPublicKey, KEY, KEY_PATH, LISTS, PLAN } from './record-fixture.ts';

const STRICT = { ...PLAN, approvals: ['production-credentials', 'partner-closure'] };
const NEW_KEY = { id: 'new-key', app: APP.id, algorithm: 'ed25519', publicKey: aPublicKey() };
const NEW_KEY_PATH = '/v1/keys/new-key';

/** Whose plan asks for four eyes. */
async function strict(lists: Parameters<AdminUnderTest['seed']>[0] = {}): Promise<AdminUnderTest> {
  const admin = await AdminUnderTest.start();
  await admin.seed({ ...LISTS, plans: [STRICT], ...lists });
  return admin;
}

/** A key that waits for somebody other than `paul`. */
async function asked(admin: AdminUnderTest, body: object = NEW_KEY): Promise<Answer> {
  const answer = await admin.put(`${NEW_KEY_PATH}?reason=Rotation`, body, { as: 'paul' });
  expect(answer.status).toBe(202);
  return answer;
}

function decide(admin: AdminUnderTest, { body: { id } }: Answer, verb: string, as: string) {
  return admin.call(`/v1/approvals/${id}/${verb}`, { body: { reason: 'Looked at it' }, as });
}

describe('a change that a plan wants approved', () => {
  it('waits, shown with what it would change, who asked, why and until when', async () => {
    const admin = await strict();
    const answer = await asked(admin);
    const { id } = answer.body;
    expect(answer.headers.get('location')).toBe(`/v1/approvals/${id}`);
    expect(answer.headers.get('x-registry-revision')).toBe(String(admin.desk.revision));
    expect(admin.desk.get('key', NEW_KEY.id)).toBeUndefined();
    const nowMs = admin.clock.wallMs();
    const read = await admin.call(`/v1/approvals/${id}`, { as: 'vera' });
    expect(read.body).toEqual(answer.body);
    expect(read.body).toEqual({
      ...{ id, state: 'pending', action: 'key.create', requestedBy: 'paul', reason: 'Rotation' },
      rules: [{ rule: 'production-credentials', kind: 'key', id: NEW_KEY.id }],
      changes: [
        { kind: 'key', id: NEW_KEY.id, ifVersion: 0, body: { ...NEW_KEY, revoked: false } },
      ],
      requestedAt: new Date(nowMs).toISOString(),
      expiresAt: new Date(nowMs + APPROVAL_EXPIRES_AFTER_MS).toISOString(),
    });
  });

  it('is carried out once somebody else agrees, in one commit with the decision', async () => {
    const admin = await strict();
    const pending = await asked(admin);
    const { revision } = admin.desk;
    const answer = await decide(admin, pending, 'approve', 'petra');
    expect(answer).toMatchObject({
      status: 200,
      body: { state: 'approved', decidedBy: 'petra', decisionReason: 'Looked at it' },
    });
    expect(answer.headers.get('x-registry-revision')).toBe(String(revision + 1));
    expect(admin.desk.get('key', NEW_KEY.id)!.body).toMatchObject(NEW_KEY);
    const [entry] = await admin.desk.auditAfter((await admin.desk.auditHead()).sequence - 1, 1);
    expect(entry).toMatchObject({
      ...{ actor: 'operator:petra', action: 'approval.approve', reason: 'Looked at it' },
      subject: `approval/${pending.body.id}`,
    });
    expect(entry!.changes.map(({ kind }) => kind)).toEqual(['key', 'approval']);
  });

  it('may be waited for in the fronts when it is approved', async () => {
    const admin = await strict();
    const { id } = (await asked(admin)).body;
    const path = `/v1/approvals/${id}/approve?wait=100`;
    const answer = await admin.call(path, { method: 'POST', as: 'petra' });
    expect(answer.headers.get('x-registry-served')).toBe('true');
  });

  it('is not approved by whoever asked for it, an operator or not, but taken back', async () => {
    const admin = await strict();
    const pending = await asked(admin);
    expect(refusalOf(await decide(admin, pending, 'approve', 'paul'))).toBe('403 own-request');
    const answer = await decide(admin, pending, 'reject', 'paul');
    expect(answer.body).toMatchObject({ state: 'rejected', decidedBy: 'paul' });

    const own = await admin.put(NEW_KEY_PATH, NEW_KEY, { as: 'olga' });
    expect(own.status).toBe(202);
    expect(refusalOf(await decide(admin, own, 'approve', 'olga'))).toBe('403 own-request');
    expect(admin.desk.get('key', NEW_KEY.id)).toBeUndefined();
  });

  it('is decided once', async () => {
    const admin = await strict();
    const pending = await asked(admin);
    const verdicts = await Promise.all(
      ['petra', 'otto', 'olga'].map(as => decide(admin, pending, 'approve', as)),
    );
    expect(verdicts.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    for (const verb of ['approve', 'reject']) {
      expect(refusalOf(await decide(admin, pending, verb, 'petra'))).toBe('409 not-pending');
    }
    expect(admin.desk.get('key', NEW_KEY.id)!.version).toBe(1);
  });

  it('is rejected with a reason only, and can be asked for again', async () => {
    const admin = await strict();
    const pending = await asked(admin);
    const path = `/v1/approvals/${pending.body.id}/reject`;
    expect(refusalOf(await admin.call(path, { method: 'POST', as: 'petra' }))).toBe('422 invalid');
    expect((await decide(admin, pending, 'reject', 'petra')).body.state).toBe('rejected');
    expect(admin.desk.get('key', NEW_KEY.id)).toBeUndefined();
    await asked(admin);
  });

  it('expires, which its list knows before it is written down', async () => {
    const admin = await strict();
    const pending = await asked(admin);
    const listed = async (state: string) => {
      const { body } = await admin.call(`/v1/approvals?state=${state}`);
      return body.items.map((item: { id: string; state: string }) => `${item.id} ${item.state}`);
    };
    admin.clock.pass(APPROVAL_EXPIRES_AFTER_MS);
    expect(await listed('pending')).toEqual([`${pending.body.id} pending`]);
    admin.clock.pass(1);
    expect(await listed('pending')).toEqual([]);
    expect(await listed('expired')).toEqual([`${pending.body.id} expired`]);
    expect(refusalOf(await decide(admin, pending, 'approve', 'petra'))).toBe('409 not-pending');
    const next = await asked(admin);
    expect(admin.desk.get('approval', pending.body.id)!.body.state).toBe('expired');
    expect(await listed('pending')).toEqual([`${next.body.id} pending`]);
  });

  it('is refused where the registry has moved on, and stays as it is', async () => {
    const admin = await strict();
    const renewal = { notAfter: '2030-01-01T00:00:00Z' };
    const pending = await admin.patch(KEY_PATH, renewal, 1, { as: 'paul' });
    expect(pending.status).toBe(202);
    await admin.call(`${KEY_PATH}/revoke`, { method: 'POST' });
    const answer = await decide(admin, pending, 'approve', 'petra');
    expect(refusalOf(answer)).toBe('412 stale');
    expect(placesOf(answer)).toEqual([`key/${KEY.id}`]);
    expect(admin.desk.get('key', KEY.id)!.body.revoked).toBe(true);
    const { body } = await admin.call(`/v1/approvals/${pending.body.id}`);
    expect(body.state).toBe('pending');
  });

  it('is checked before it is kept', async () => {
    const admin = await strict();
    const wrong = await admin.put(NEW_KEY_PATH, { ...NEW_KEY, publicKey: 'none' });
    expect(refusalOf(wrong)).toBe('422 invalid');
    expect((await admin.call('/v1/approvals')).body).toEqual({ items: [] });
  });

  it('keeps a secret sealed wherever it is written or shown', async () => {
    const store = await strict();
    const secret = Buffer.alloc(48, 'the secret of a partner').toString('base64');
    const hmac = { id: NEW_KEY.id, app: APP.id, algorithm: 'hmac-sha256', secret };
    const pending = await asked(store, hmac);
    const [change] = pending.body.changes;
    expect(change.body.sealedSecret).toMatch(/^v1\./);
    await decide(store, pending, 'approve', 'petra');
    const seen = [
      pending.body,
      (await store.call('/v1/approvals')).body,
      store.desk.get('approval', pending.body.id),
      await store.desk.auditAfter(0, 100),
      (await store.call(NEW_KEY_PATH)).body,
    ];
    const text = JSON.stringify(seen);
    expect(text).not.toContain(secret);
    expect(text).not.toContain('the secret of a partner');
    const log = JSON.stringify(await store.desk.auditAfter(0, 100));
    expect(log).not.toContain(change.body.sealedSecret);
  });
});

describe('approvals are decided', () => {
  it('by whoever could have made the change', async () => {
    const admin = await strict();
    const lax = await admin.patch('/v1/plans/gold', { approvals: [] }, 1, { as: 'olga' });
    expect(lax.status).toBe(202);
    for (const as of ['vera', 'axel', 'petra']) {
      expect(refusalOf(await decide(admin, lax, 'approve', as))).toBe('403 role-insufficient');
    }
    expect((await decide(admin, lax, 'approve', 'otto')).status).toBe(200);
    expect(admin.desk.get('plan', PLAN.id)!.body.approvals).toEqual([]);
  });

  it('where they are there', async () => {
    const admin = await strict();
    for (const path of ['/v1/approvals/none', '/v1/approvals/none/approve']) {
      const method = path.endsWith('approve') ? 'POST' : 'GET';
      expect(refusalOf(await admin.call(path, { method }))).toBe('404 missing');
    }
  });
});

describe('a list of approvals', () => {
  it('has the oldest first, page by page', async () => {
    const admin = await strict();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      admin.clock.pass(1_000);
      const key = { ...NEW_KEY, id: `key-${i}` };
      const { body } = await admin.put(`/v1/keys/${key.id}`, key, { as: 'paul' });
      ids.push(body.id);
    }
    const seen: string[] = [];
    let path: string | undefined = '/v1/approvals?state=pending&limit=2';
    while (path !== undefined) {
      const { body } = (await admin.call(path)) as Answer;
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      path = body.next && `/v1/approvals?state=pending&limit=2&cursor=${body.next}`;
    }
    expect(seen).toEqual(ids);
    expect(refusalOf(await admin.call('/v1/approvals?state=open'))).toBe('400 malformed-request');
    expect(refusalOf(await admin.call('/v1/approvals?cursor=!'))).toBe('400 malformed-request');
  });
});
