import { describe, expect, it } from 'vitest';
import { APP, DeskUnderTest, PARTNER, TRACE } from './desk-fixture.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');

describe('the audit log', () => {
  it('has who, what, why, and each record before and after', async () => {
    const under = await DeskUnderTest.whole();
    await under.put('partner', { ...PARTNER, name: 'Nebula' });
    await under.remove('subscription', `${APP.id}.retail`);
    const [first, second] = await under.desk.auditAfter(1, 10);
    expect(first).toMatchObject({
      ...TRACE,
      subject: `partner/${PARTNER.id}`,
      revision: 2,
      changes: [{ before: { name: 'Nebula Pay' }, after: { name: 'Nebula' } }],
    });
    expect(second?.changes).toMatchObject([{ kind: 'subscription', after: null }]);
    expect(await under.desk.auditHead()).toEqual({ sequence: 3, hash: second?.hash });
  });

  it('has no secret, sealed or not, and nothing derived', async () => {
    const under = await DeskUnderTest.whole();
    await under.put('key', { id: 'h', app: APP.id, algorithm: 'hmac-sha256', secret: SECRET });
    const sealed = under.desk.get('key', 'h')?.body.sealedSecret as string;
    const text = JSON.stringify(await under.desk.auditAfter(0, 10));
    expect(sealed).toMatch(/^v1\./);
    expect(text).not.toContain(sealed);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('derived');
  });

  it('has a large change in entries of 500 records', async () => {
    const under = await DeskUnderTest.open();
    const plans = Array.from({ length: 1_000 }, (_, index) => ({ id: `plan-${index}`, name: 'P' }));
    const partners = [PARTNER];
    await under.apply({ plans, partners });
    const entries = await under.desk.auditAfter(0, 10);
    expect(entries.map(({ changes }) => changes.length)).toEqual([500, 500, 1]);
    expect(new Set(entries.map(({ revision }) => revision))).toEqual(new Set([1]));
  });

  it('has few large records in entries of their own', async () => {
    const under = await DeskUnderTest.open();
    const changes = Array.from({ length: 20 }, (_, index) => {
      return { kind: 'approval', id: `a${index}`, body: { text: 'x'.repeat(1_000_000) } } as const;
    });
    await under.change(...changes);
    const entries = await under.desk.auditAfter(0, 10);
    expect(entries.map(entry => entry.changes.length)).toEqual([8, 8, 4]);
  });

  it('has documents by their digests, where they differ', async () => {
    const { desk } = await DeskUnderTest.whole();
    const documents = [{ name: 'accounts.json', text: '{}' }];
    const request = { ...TRACE, changes: [], documents };
    expect(await desk.change(request)).toEqual({ revision: 2, records: [] });
    expect(await desk.change(request)).toEqual({ revision: 2, records: [] });
    expect(await desk.document('accounts.json')).toBe('{}');
    const [entry] = await desk.auditAfter(1, 10);
    expect(entry).toMatchObject({
      subject: 'document/accounts.json',
      changes: [{ kind: 'document', before: null, after: { bytes: 2 } }],
    });
  });
});
