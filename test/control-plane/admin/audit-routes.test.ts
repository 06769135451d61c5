import { describe, expect, it } from 'vitest';
import { ChainVerifier } from '../../../src/stores/audit-chain.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import { type AuditEntry, RegistryStoreError } from '../../../src/stores/registry-contract.ts';
import { AdminUnderTest, refusalOf } from './admin-fixture.ts';
import { PARTNER } from './record-fixture.ts';

const NDJSON = { accept: 'application/x-ndjson' };

/** With as many entries as partners. */
async function withEntries(count: number): Promise<AdminUnderTest> {
  const admin = await AdminUnderTest.start();
  for (let i = 0; i < count; i++) await admin.seed({ partners: [{ ...PARTNER, id: `p-${i}` }] });
  return admin;
}

async function exported(admin: AdminUnderTest, after = 0): Promise<AuditEntry[]> {
  const { headers, body } = await admin.call(`/v1/audit?after=${after}`, {
    headers: NDJSON,
    as: 'axel',
  });
  expect(headers.get('content-type')).toBe('application/x-ndjson');
  const lines: string[] = body.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map(line => JSON.parse(line));
}

describe('the audit log', () => {
  it('comes page by page to its end', async () => {
    const admin = await withEntries(60);
    const seen: number[] = [];
    let after: number | undefined = 0;
    for (let pages = 0; after !== undefined && pages < 10; pages++) {
      const { body } = await admin.call(`/v1/audit?after=${after}&limit=26`, { as: 'axel' });
      seen.push(...body.items.map(({ sequence }: AuditEntry) => sequence));
      after = body.next;
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it('is exported whole, as a chain that holds and ends at its head', async () => {
    const admin = await withEntries(60);
    const entries = await exported(admin);
    const verifier = new ChainVerifier();
    expect(verifier.check(entries)).toBeUndefined();
    const { body: head } = await admin.call('/v1/audit/head', { as: 'axel' });
    expect(head).toEqual({ sequence: 60, hash: entries.at(-1)!.hash });
    expect(await exported(admin, 58)).toEqual(entries.slice(58));
    expect(await exported(admin, 60)).toEqual([]);
  });

  it('is empty in a registry that nobody has changed', async () => {
    const admin = await AdminUnderTest.start();
    expect((await admin.call('/v1/audit', { as: 'axel' })).body).toEqual({ items: [] });
    const { body } = await admin.call('/v1/audit/head', { as: 'axel' });
    expect(body).toEqual({ sequence: 0, hash: '0'.repeat(64) });
  });

  it('has no secret, whatever form it was given in', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed({ partners: [PARTNER], apps: [{ id: 'a', partner: PARTNER.id }] });
    const secret = Buffer.alloc(32, 7).toString('base64');
    const key = { id: 'k', app: 'a', algorithm: 'hmac-sha256', secret };
    const { body } = await admin.put('/v1/keys/k', key);
    const log = JSON.stringify(await exported(admin));
    expect(log).toContain('"k"');
    expect(log).not.toContain(secret);
    expect(log).not.toContain(body.sealedSecret);
  });

  it('refuses a place that is none', async () => {
    const admin = await AdminUnderTest.start();
    for (const query of ['after=-1', 'after=x', 'limit=0', 'limit=1001', 'from=1']) {
      expect(refusalOf(await admin.call(`/v1/audit?${query}`)), query).toBe(
        '400 malformed-request',
      );
    }
  });
});

describe('a store that fails', () => {
  it.each([
    ['unavailable', '503 registry-unavailable'],
    ['full', '503 registry-unavailable'],
    ['failed', '503 registry-unavailable'],
    ['unknown', '503 outcome-unknown'],
  ] as const)('with %s is told as %s, and nothing of what it said', async (code, expected) => {
    const store = createMemoryRegistryStore();
    const admin = await AdminUnderTest.start({ store });
    store.commit = () => Promise.reject(new RegistryStoreError(code, 'SECRET of the database'));
    const answer = await admin.put(`/v1/partners/${PARTNER.id}`, PARTNER);
    expect(refusalOf(answer)).toBe(expected);
    expect(JSON.stringify(answer.body)).not.toContain('SECRET');
    expect(answer.headers.get('retry-after')).toBe('1');
  });
});
