import { describe, expect, it } from 'vitest';
import { RECORD_KINDS } from '../../../src/control-plane/registry/kinds.ts';
import { AdminUnderTest, placesOf, refusalOf } from './admin-fixture.ts';
import { KEY, KEY_PATH, LISTS, PARTNER, PLAN } from './record-fixture.ts';

const PARTNER_PATH = `/v1/partners/${PARTNER.id}`;

async function seeded(): Promise<AdminUnderTest> {
  const admin = await AdminUnderTest.start();
  await admin.seed(LISTS);
  return admin;
}

describe('a record', () => {
  it('is created, replaced, changed and deleted, with a new entity tag each time', async () => {
    const admin = await AdminUnderTest.start();
    const created = await admin.put(`${PARTNER_PATH}?reason=New`, PARTNER);
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(PARTNER_PATH);
    expect(created.headers.get('etag')).toBe('"1"');
    expect(created.headers.get('x-registry-revision')).toBe('1');
    const meta = {
      ...{ id: PARTNER.id, version: 1, revision: 1 },
      createdAt: new Date(admin.clock.wallMs()).toISOString(),
      updatedAt: new Date(admin.clock.wallMs()).toISOString(),
    };
    expect(created.body).toEqual({ ...PARTNER, status: 'production', contacts: [], meta });

    const read = await admin.call(PARTNER_PATH, { as: 'vera' });
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.body).toEqual(created.body);

    const replaced = await admin.put(PARTNER_PATH, { ...read.body, name: 'Other' }, { version: 1 });
    expect(replaced).toMatchObject({ status: 200, body: { name: 'Other', meta: { version: 2 } } });

    const patched = await admin.patch(PARTNER_PATH, { status: 'suspended' }, 2);
    expect(patched).toMatchObject({ status: 200, body: { name: 'Other', status: 'suspended' } });
    expect(patched.headers.get('etag')).toBe('"3"');

    const deleted = await admin.delete(PARTNER_PATH, 3);
    expect(deleted).toMatchObject({ status: 204, body: '' });
    expect(deleted.headers.get('x-registry-revision')).toBe('4');
    expect(refusalOf(await admin.call(PARTNER_PATH))).toBe('404 missing');
    // The version goes on, so that nothing that was read before is taken for this one.
    expect((await admin.put(PARTNER_PATH, PARTNER)).headers.get('etag')).toBe('"5"');
  });

  it('of every kind is read back as it may be sent again, which changes nothing', async () => {
    const admin = await seeded();
    const { revision } = admin.desk;
    for (const { list } of RECORD_KINDS) {
      const { body: page } = await admin.call(`/v1/${list}`);
      expect(page.items, list).toHaveLength(1);
      const path = `/v1/${list}/${encodeURIComponent(page.items[0].meta.id)}`;
      const { body, headers } = await admin.call(path);
      expect(body).toEqual(page.items[0]);
      const again = await admin.put(path, body, {
        version: Number(headers.get('etag')!.slice(1, -1)),
      });
      expect(again, list).toMatchObject({ status: 200, body });
    }
    expect(admin.desk.revision).toBe(revision);
  });

  it('may leave its id to the path, but not contradict it', async () => {
    const admin = await AdminUnderTest.start();
    const { id: _, ...nameless } = PARTNER;
    expect((await admin.put(PARTNER_PATH, nameless)).status).toBe(201);
    const other = await admin.put('/v1/partners/other', PARTNER);
    expect(refusalOf(other)).toBe('422 invalid');
    expect(placesOf(other)).toEqual(['partner/other /id']);
  });

  it('with an id of any visible characters has a path all the same', async () => {
    const admin = await seeded();
    expect((await admin.call(KEY_PATH)).body).toMatchObject({ id: KEY.id });
    const id = `${'/?#%'.repeat(64)}`;
    const path = `/v1/keys/${encodeURIComponent(id)}`;
    expect((await admin.put(path, { ...KEY, id })).status).toBe(201);
    expect((await admin.call(path)).body).toMatchObject({ id });
  });

  it('is written with who and why into the audit log', async () => {
    const admin = await AdminUnderTest.start();
    await admin.put(`${PARTNER_PATH}?reason=${encodeURIComponent('新伙伴')}`, PARTNER);
    await admin.delete(PARTNER_PATH, 1, { as: 'otto' });
    const log = await admin.desk.auditAfter(0, 10);
    expect(log).toMatchObject([
      { actor: 'operator:olga', action: 'partner.create', reason: '新伙伴' },
      { actor: 'operator:otto', action: 'partner.delete', reason: '' },
    ]);
  });

  it('has secrets that no answer shows', async () => {
    const admin = await seeded();
    const secret = Buffer.alloc(32, 7).toString('base64');
    const { id, app } = { ...KEY, id: 'hmac-1' };
    const created = await admin.put(`/v1/keys/${id}`, {
      id,
      app,
      algorithm: 'hmac-sha256',
      secret,
    });
    expect(created.status).toBe(201);
    expect(created.body).not.toHaveProperty('secret');
    expect(created.body.sealedSecret).toMatch(/^v1\./);
    const rotated = { secret: Buffer.alloc(32, 8).toString('base64'), sealedSecret: null };
    const patched = await admin.patch(`/v1/keys/${id}`, rotated, 1);
    expect(patched.status).toBe(200);
    expect(patched.body.sealedSecret).not.toBe(created.body.sealedSecret);
  });
});

describe('a write is refused', () => {
  it('without a version, or with one that is not the current', async () => {
    const admin = await seeded();
    const call = (method: string, headers: Record<string, string> = {}) =>
      admin.call(PARTNER_PATH, {
        method,
        headers,
        ...(method === 'DELETE' ? {} : { body: PARTNER }),
      });
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      expect(refusalOf(await call(method))).toBe('428 precondition-required');
      expect(refusalOf(await call(method, { 'if-match': '"7"' }))).toBe('412 stale');
      expect(refusalOf(await call(method, { 'if-match': 'W/"1"' }))).toBe('412 stale');
      expect(refusalOf(await call(method, { 'if-match': '1' }))).toBe('400 malformed-request');
    }
    expect(refusalOf(await admin.put(PARTNER_PATH, PARTNER))).toBe('412 stale');
    const both = { 'if-match': '"1"', 'if-none-match': '*' };
    expect(refusalOf(await call('PUT', both))).toBe('400 malformed-request');
    expect(refusalOf(await call('PUT', { 'if-none-match': '"1"' }))).toBe('400 malformed-request');
    expect(refusalOf(await call('DELETE', { 'if-none-match': '*' }))).toBe('400 malformed-request');
    expect(admin.desk.get('partner', PARTNER.id)!.version).toBe(1);
  });

  it('of a record that is not there, unless it creates it', async () => {
    const admin = await AdminUnderTest.start();
    expect(refusalOf(await admin.put(PARTNER_PATH, PARTNER, { version: 1 }))).toBe('404 missing');
    expect(refusalOf(await admin.patch(PARTNER_PATH, {}, 1))).toBe('404 missing');
    expect(refusalOf(await admin.delete(PARTNER_PATH, 1))).toBe('404 missing');
  });

  it('with every place that does not fit its schema', async () => {
    const admin = await seeded();
    const wrong = { ...PARTNER, class: 'bank', colour: 'red', contacts: [{ name: 'Ann' }] };
    const answer = await admin.put(PARTNER_PATH, wrong, { version: 1 });
    expect(refusalOf(answer)).toBe('422 invalid');
    expect(placesOf(answer).sort()).toEqual([
      'partner/nebula-pay /class',
      'partner/nebula-pay /colour',
      'partner/nebula-pay /contacts/0/email',
      'partner/nebula-pay /contacts/0/role',
    ]);
    expect(answer.body.errorsTotal).toBe(4);
    expect(answer.body.errors[0]).toMatchObject({ code: 'invalid', message: expect.any(String) });
  });

  it('where it names what is not there, or others name what would go', async () => {
    const admin = await seeded();
    const app = await admin.put('/v1/apps/lost', { id: 'lost', partner: 'nobody' });
    expect(refusalOf(app)).toBe('409 conflict');
    expect(placesOf(app)).toEqual(['app/lost /partner']);
    expect(refusalOf(await admin.delete(PARTNER_PATH, 1))).toBe('409 conflict');
  });

  it('with at most 100 places, and how many there are', async () => {
    const admin = await AdminUnderTest.start();
    const unknown = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`p${i}`, i]));
    const { body } = await admin.put(PARTNER_PATH, { ...PARTNER, ...unknown });
    expect(body.errors).toHaveLength(100);
    expect(body.errorsTotal).toBe(150);
  });

  it('with a body that is no JSON object, no UTF-8, without an end, or too large', async () => {
    const admin = await AdminUnderTest.start();
    const send = async (body: string, type = 'application/json') =>
      refusalOf(await admin.put(PARTNER_PATH, body, { headers: { 'content-type': type } }));
    expect(await send('{')).toBe('400 malformed-request');
    expect(await send('[]')).toBe('400 malformed-request');
    expect(await send('null')).toBe('400 malformed-request');
    expect(await send('{"__proto__": {}}')).toBe('400 malformed-request');
    expect(await send(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`)).toBe('400 malformed-request');
    expect(await send('{}', 'text/plain')).toBe('400 malformed-request');
    expect(await send(`{"name":"${'x'.repeat(2_097_152)}"}`)).toBe('413 body-too-large');
    const bytes = await fetch(admin.url + PARTNER_PATH, {
      method: 'PUT',
      headers: {
        authorization: 'Bearer token-of-olga-0123456789',
        'content-type': 'application/json',
        'if-none-match': '*',
      },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    });
    expect(bytes.status).toBe(400);
  });

  it('with a query that is none of its own', async () => {
    const admin = await seeded();
    for (const query of [
      'reason=',
      `reason=${'x'.repeat(501)}`,
      'why=me',
      'wait=60001',
      'wait=-1',
    ]) {
      const answer = await admin.delete(`${PARTNER_PATH}?${query}`, 1);
      expect(refusalOf(answer), query).toBe('400 malformed-request');
      expect(placesOf(answer)).toHaveLength(1);
    }
  });

  it('where the registry is read from a file', async () => {
    const admin = await AdminUnderTest.start({ isReadOnly: true });
    await admin.seed(LISTS);
    const answer = await admin.patch(PARTNER_PATH, { name: 'Other' }, 1);
    expect(refusalOf(answer)).toBe('409 read-only');
  });
});

describe('the way past onboarding', () => {
  it('is closed to those who manage partners, and open to operators', async () => {
    const admin = await AdminUnderTest.start();
    const asPaul = { as: 'paul' };
    expect(refusalOf(await admin.put(PARTNER_PATH, PARTNER, asPaul))).toBe('403 role-insufficient');
    const applied = { ...PARTNER, status: 'applied' };
    expect((await admin.put(PARTNER_PATH, applied, asPaul)).status).toBe(201);
    const step = await admin.patch(PARTNER_PATH, { status: 'production' }, 1, asPaul);
    expect(refusalOf(step)).toBe('403 role-insufficient');
    expect((await admin.patch(PARTNER_PATH, { name: 'Other' }, 1, asPaul)).status).toBe(200);
    expect((await admin.patch(PARTNER_PATH, { status: 'production' }, 2)).status).toBe(200);
  });
});

describe('a list', () => {
  const plans = Array.from({ length: 5 }, (_, i) => ({ ...PLAN, id: `plan-${i}` }));

  it('comes page by page, in the order of ids, to its end', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed({ plans });
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages++) {
      const { body } = await admin.call(`/v1/plans?limit=2${cursor}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      if (body.next === undefined) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toEqual(plans.map(({ id }) => id));
  });

  it('is narrowed by what its records say', async () => {
    const admin = await seeded();
    const idsIn = async (query: string) => {
      const { body } = await admin.call(`/v1/${query}`);
      return body.items.map(({ meta }: { meta: { id: string } }) => meta.id);
    };
    expect(await idsIn('apps?partner=nebula-pay&status=active')).toEqual(['nebula-app']);
    expect(await idsIn('apps?partner=nobody')).toEqual([]);
    expect(await idsIn('keys?app=nebula-app&revoked=false')).toEqual([KEY.id]);
    expect(await idsIn('keys?revoked=true')).toEqual([]);
    expect(await idsIn('products?apis=accounts')).toEqual(['retail']);
    expect(await idsIn('subscriptions?plan=gold')).toEqual(['nebula-app.retail']);
  });

  it('refuses a cursor, a limit or a filter that it does not know', async () => {
    const admin = await seeded();
    for (const query of [
      'cursor=%00',
      'cursor=a',
      'cursor=',
      'limit=0',
      'limit=1001',
      'limit=x',
      'name=x',
      'status=a&status=b',
    ]) {
      expect(refusalOf(await admin.call(`/v1/partners?${query}`)), query).toBe(
        '400 malformed-request',
      );
    }
  });
});

describe('an answer that waits for the fronts', () => {
  it('says whether they serve the revision', async () => {
    const asked: number[][] = [];
    const admin = await AdminUnderTest.start({
      served: async (...wanted) => {
        asked.push(wanted);
        return asked.length === 1;
      },
    });
    const first = await admin.put(`${PARTNER_PATH}?wait=5000`, PARTNER);
    expect(first.headers.get('x-registry-served')).toBe('true');
    const second = await admin.patch(`${PARTNER_PATH}?wait=250`, { name: 'Other' }, 1);
    expect(second.headers.get('x-registry-served')).toBe('false');
    const third = await admin.patch(PARTNER_PATH, { name: 'Third' }, 2);
    expect(third.headers.has('x-registry-served')).toBe(false);
    expect(asked).toEqual([
      [1, 5_000],
      [2, 250],
    ]);
  });
});
