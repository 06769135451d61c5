import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApprovalDesk } from '../../../src/control-plane/approvals/approval-desk.ts';
import { PublishGuard } from '../../../src/control-plane/shelf/publish-guard.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { ACCOUNTS, documentOf, operation, refusalOf, ShelfUnderTest } from './shelf-fixture.ts';

let shelf: ShelfUnderTest;
let guard: PublishGuard;

beforeAll(async () => {
  shelf = await ShelfUnderTest.open();
  guard = new PublishGuard(shelf.registry);
});

afterAll(() => shelf[Symbol.asyncDispose]());

const BLOCKED = documentOf({ '/a': { get: operation('a', { responses: { 200: {} } }) } });

/** In another version. */
const versionOf = (version: string, document: JsonObject = ACCOUNTS): JsonObject => {
  return { ...document, info: { title: 'Accounts', version, description: 'x' } };
};

const importAs = (id: string, document: JsonObject, lifecycle?: 'draft' | 'published') =>
  shelf.import(document, { id, basePath: `/${id}`, ...(lifecycle && { lifecycle }) });

const lifecycleOf = (id: string) => shelf.registry.get('api', id)?.body.lifecycle;

/** Says the lifecycle to the record, as PATCH does; the codes and places of the refusals. */
async function say(id: string, lifecycle: string, more: JsonObject = {}): Promise<string[]> {
  const record = shelf.registry.get('api', id)!;
  const body = { ...record.body, lifecycle, ...more };
  const change = { kind: 'api', id, body, ifVersion: record.version } as const;
  const trace = { actor: 'operator:ann', action: 'api.update', reason: '' };
  return codesOf(await guard.change({ ...trace, changes: [change] }));
}

function codesOf(outcome: object): string[] {
  if (!('refusals' in outcome)) return [];
  const refusals = outcome.refusals as { code: string; pointer: string }[];
  return refusals.map(({ code, pointer }) => `${code} ${pointer}`);
}

const REFUSED = ['conflict /lifecycle'];

describe('publishing what was imported as a draft', () => {
  it('is refused where its document breaks the standard, by whichever way', async () => {
    await importAs('blocked', BLOCKED, 'draft');
    const { body } = shelf.registry.get('api', 'blocked')!;
    const published = { ...body, lifecycle: 'published' };
    const { lifecycle: _, ...byDefault } = body;
    const dates = { deprecated: '2026-01-01T00:00:00Z', sunset: '2027-01-01T00:00:00Z' };
    expect(await say('blocked', 'published')).toEqual(REFUSED);
    expect(await say('blocked', 'deprecated', dates)).toEqual(REFUSED);
    const trace = { actor: 'operator:ann', action: 'api.update', reason: '' };
    for (const proposed of [published, byDefault]) {
      const changes = [{ kind: 'api', id: 'blocked', body: proposed } as const];
      expect(codesOf(await guard.change({ ...trace, changes }))).toEqual(REFUSED);
      expect(codesOf(await guard.check({ ...trace, changes }))).toEqual(REFUSED);
      const proposal = { action: 'api.update', reason: '', changes };
      const approvals = new ApprovalDesk(guard, systemClock);
      const principal = { id: 'ann', roles: ['operator'] } as const;
      expect(codesOf(await approvals.propose(principal, proposal))).toEqual(REFUSED);
    }
    for (const dryRun of [true, false]) {
      const lists = { apis: [published] };
      const applied = await guard.apply({ ...trace, lists, prune: false, dryRun });
      expect(codesOf(applied)).toEqual(REFUSED);
    }
    expect(lifecycleOf('blocked')).toBe('draft');
  });

  it('is done once a document was imported that keeps it', async () => {
    await importAs('mended', BLOCKED, 'draft');
    await importAs('mended', versionOf('1.0.1'), 'draft');
    expect(await say('mended', 'published')).toEqual([]);
    expect(lifecycleOf('mended')).toBe('published');
  });

  it('does not concern what is written by hand, nor other changes of a draft', async () => {
    await importAs('draft', BLOCKED, 'draft');
    expect(await say('draft', 'draft', { name: 'Another' })).toEqual([]);
    const { body, id } = shelf.registry.get('api', 'draft')!;
    const change = async (proposed: JsonObject | undefined) =>
      guard.change({
        ...{ actor: 'operator:ann', action: 'api.change', reason: '' },
        changes: [{ kind: 'api', id, body: proposed }],
      });
    await change(undefined);
    // Another API under the same id.
    await change(body);
    expect(await say('draft', 'published')).toEqual([]);
  });

  it('looks again where the registry has moved on meanwhile', async () => {
    await importAs('raced', versionOf('1.0.0'), 'draft');
    const looked = shelf.registry.document.bind(shelf.registry);
    let looks = 0;
    shelf.registry.document = async name => {
      const text = await looked(name);
      looks += 1;
      // The document was fine when it was looked at, and is another one now.
      if (looks === 1) await importAs('raced', versionOf('1.0.0', BLOCKED), 'draft');
      return text;
    };
    expect(await say('raced', 'published')).not.toEqual([]);
    shelf.registry.document = looked;
    expect(lifecycleOf('raced')).toBe('draft');
  });
});

describe('what partners rely on', () => {
  it('does not become a draft by an import or by hand, until it is retired', async () => {
    await importAs('relied', versionOf('1.2.0'));
    const refusal = await refusalOf(importAs('relied', versionOf('0.1.0', BLOCKED), 'draft'));
    expect([refusal.code, refusal.members.errors]).toEqual([
      'breaking-change',
      [expect.objectContaining({ code: 'lifecycle' })],
    ]);
    expect(await say('relied', 'draft')).toEqual(REFUSED);
    expect(await say('relied', 'retired')).toEqual([]);
    expect(await say('relied', 'draft')).toEqual(REFUSED);
    const draft = await importAs('relied', versionOf('0.1.0', BLOCKED), 'draft');
    expect([draft.api.lifecycle, draft.mayBePublished]).toEqual(['draft', false]);
  });

  it('is what a later version is compared with, whatever drafts came between', async () => {
    const other = documentOf({ '/other': { get: operation('other') } });
    for (const version of ['0.1.0', '1.2.0', '1.9.0']) {
      const refusal = await refusalOf(importAs('relied', versionOf(version, other), 'published'));
      expect([refusal.code, refusal.members.version]).toEqual(['breaking-change', '2.0.0']);
      const draft = await importAs('relied', versionOf(version, other), 'draft');
      expect(draft.mayBePublished).toBe(false);
      expect(await say('relied', 'published')).toEqual(REFUSED);
    }
    const draft = await importAs('relied', versionOf('2.0.0', other), 'draft');
    expect([draft.mayBePublished, draft.changes?.breaking.length]).toEqual([true, 1]);
    expect(await say('relied', 'published')).toEqual([]);
    const refusal = await refusalOf(importAs('relied', versionOf('2.1.0')));
    expect(refusal.members.version).toBe('3.0.0');
  });

  it('is remembered in retirement as well', async () => {
    await importAs('rested', versionOf('1.0.0'));
    await say('rested', 'retired');
    const other = documentOf({ '/other': { get: operation('other') } });
    const refusal = await refusalOf(importAs('rested', versionOf('1.0.1', other), 'published'));
    expect(refusal.code).toBe('breaking-change');
    await importAs('rested', versionOf('1.0.1', other));
    expect(await say('rested', 'published')).toEqual(REFUSED);
    expect((await importAs('rested', versionOf('1.0.1'), 'published')).api.lifecycle).toBe(
      'published',
    );
  });
});
