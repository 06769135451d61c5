import { describe, expect, it } from 'vitest';
import { AdminUnderTest, placesOf, refusalOf } from './admin-fixture.ts';
import { aPublicKey, KEY, KEY_PATH, LISTS, PLAN } from './record-fixture.ts';

async function seeded(served?: () => Promise<boolean>) {
  const waits: number[] = [];
  const admin = await AdminUnderTest.start({
    served: async (_revision, timeoutMs) => {
      waits.push(timeoutMs);
      return served === undefined ? true : served();
    },
  });
  await admin.seed(LISTS);
  return { admin, waits };
}

describe('the revocation of a key', () => {
  it('is answered when every front refuses it', async () => {
    let isServed: (served: boolean) => void = () => undefined;
    const fronts = new Promise<boolean>(resolve => {
      isServed = resolve;
    });
    const { admin, waits } = await seeded(() => fronts);
    let isAnswered = false;
    const answering = admin.call(`${KEY_PATH}/revoke`, { body: { reason: 'Lost' }, as: 'paul' });
    void answering.then(() => {
      isAnswered = true;
    });
    await expect.poll(() => waits).toEqual([10_000]);
    expect(admin.desk.get('key', KEY.id)!.body.revoked).toBe(true);
    expect(isAnswered).toBe(false);
    isServed(true);
    const answer = await answering;
    expect(answer).toMatchObject({ status: 200, body: { id: KEY.id, revoked: true } });
    expect(answer.headers.get('x-registry-served')).toBe('true');
    expect(answer.headers.get('etag')).toBe('"2"');
    const [entry] = (await admin.desk.auditAfter(1, 1))!;
    expect(entry).toMatchObject({
      ...{ actor: 'operator:paul', action: 'key.revoke', reason: 'Lost' },
      subject: `key/${KEY.id}`,
    });
  });

  it('wants no body, no version and no approval, and may be repeated', async () => {
    const { admin } = await seeded();
    await admin.seed({ plans: [{ ...PLAN, approvals: ['production-credentials'] }] });
    const first = await admin.call(`${KEY_PATH}/revoke?wait=0`, { method: 'POST' });
    expect(first.status).toBe(200);
    expect(first.headers.has('x-registry-served')).toBe(false);
    const again = await admin.call(`${KEY_PATH}/revoke`, { method: 'POST' });
    expect(again.body).toEqual(first.body);
  });

  it('wins over a change that comes in between', async () => {
    const { admin } = await seeded();
    const publicKey = aPublicKey();
    const [changed, revoked] = await Promise.all([
      admin.patch(KEY_PATH, { publicKey }, 1),
      admin.call(`${KEY_PATH}/revoke`, { method: 'POST' }),
    ]);
    expect(revoked.body.revoked).toBe(true);
    const { body } = admin.desk.get('key', KEY.id)!;
    expect(body.revoked).toBe(true);
    // Whichever was first: what was confirmed is there.
    if (changed.status === 200) expect(body.publicKey).toBe(publicKey);
    else expect(refusalOf(changed)).toBe('412 stale');
  });

  it('is refused where there is no such key', async () => {
    const { admin } = await seeded();
    const answer = await admin.call('/v1/keys/nobody/revoke', { method: 'POST' });
    expect(refusalOf(answer)).toBe('404 missing');
  });

  it('is for good: no write, no old file and no operator brings the key back', async () => {
    const { admin } = await seeded();
    await admin.call(`${KEY_PATH}/revoke`, { method: 'POST' });
    const { revision } = admin.desk;
    const file = { lists: { keys: [KEY] } };
    const refused = [
      await admin.patch(KEY_PATH, { revoked: false }, 2),
      await admin.patch(KEY_PATH, { revoked: null }, 2),
      await admin.put(KEY_PATH, KEY, { version: 2 }),
      await admin.call('/v1/registry/apply', { body: file }),
      await admin.call('/v1/registry/plan', { body: file }),
    ];
    for (const answer of refused) {
      expect(refusalOf(answer)).toBe('422 invalid');
      expect(placesOf(answer)).toEqual([`key/${KEY.id} /revoked`]);
    }
    expect(admin.desk.revision).toBe(revision);
    const { body: lists } = await admin.call('/v1/registry/export');
    expect((await admin.call('/v1/registry/apply', { body: { lists } })).status).toBe(200);
    expect((await admin.patch(KEY_PATH, { notAfter: '2030-01-01T00:00:00Z' }, 2)).status).toBe(200);
  });
});
