import { describe, expect, it } from 'vitest';
import { isUnchanged, readPrecondition } from '../../../src/control-plane/admin/preconditions.ts';
import { AdminUnderTest, refusalOf } from './admin-fixture.ts';
import { LISTS, PARTNER } from './record-fixture.ts';

const PATH = `/v1/partners/${PARTNER.id}`;

/** What a write that may create expects, or the code of the refusal. */
function read(headers: Record<string, string>, mayCreate = true) {
  const read = readPrecondition(headers, mayCreate);
  if (typeof read === 'string') return read;
  return 'code' in read ? read.code : [...read];
}

describe('If-Match', () => {
  it.each<[text: string, expected: ReturnType<typeof read>]>([
    ['*', 'any'],
    [' * ', 'any'],
    ['"1"', [1]],
    ['"1", "2" ,"3"', [1, 2, 3]],
    [',"1",,"2",', [1, 2]],
    // Of somebody else, or weak: they are no version of ours, and so never match (section 13.1.1).
    ['"x", "7"', [7]],
    ['W/"1"', []],
    ['"01", "-1", "1.5", "9999999999999999", ""', []],
    ['', 'malformed-request'],
    [', ,', 'malformed-request'],
    ['1', 'malformed-request'],
    ['"1', 'malformed-request'],
    ['"1" "2"', 'malformed-request'],
    ['*, "1"', 'malformed-request'],
    ['w/"1"', 'malformed-request'],
  ])('%j is %j', (text, expected) => {
    expect(read({ 'if-match': text })).toEqual(expected);
  });

  it('is wanted where the record is there already', () => {
    expect(read({})).toBe('precondition-required');
    expect(read({}, false)).toBe('precondition-required');
    expect(read({ 'if-match': '"1"', 'if-none-match': '*' })).toBe('malformed-request');
  });

  it('is read in a time that grows with its length', () => {
    const spaces = `"1",${' '.repeat(16_000)}x`;
    expect(read({ 'if-match': spaces })).toBe('malformed-request');
    expect(read({ 'if-match': '"1",'.repeat(4_000) })).toEqual([1]);
  });
});

describe('If-None-Match', () => {
  it('creates with * and nothing else, where something may be created', () => {
    expect(read({ 'if-none-match': '*' })).toBe('absent');
    expect(read({ 'if-none-match': '"1"' })).toBe('malformed-request');
    expect(read({ 'if-none-match': '*' }, false)).toBe('malformed-request');
  });

  it.each<[text: string, isKnown: boolean]>([
    ['"3"', true],
    ['W/"3"', true],
    ['"2", "3"', true],
    ['*', true],
    ['"2"', false],
    ['3', false],
    ['', false],
  ])('%j of a read knows version 3: %j', (text, isKnown) => {
    expect(isUnchanged({ 'if-none-match': text }, 3)).toBe(isKnown);
    expect(isUnchanged({}, 3)).toBe(false);
  });

  it('spares a client what it has', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed(LISTS);
    const get = (tag: string, method = 'GET') =>
      admin.call(PATH, { method, headers: { 'if-none-match': tag } });
    expect(await get('"1"')).toMatchObject({ status: 304, body: '' });
    expect((await get('"1"')).headers.get('etag')).toBe('"1"');
    expect((await get('"1"', 'HEAD')).status).toBe(304);
    expect(await get('"2"')).toMatchObject({ status: 200, body: { id: PARTNER.id } });
    const missing = await admin.call('/v1/partners/x', { headers: { 'if-none-match': '*' } });
    expect(refusalOf(missing)).toBe('404 missing');
  });
});

describe('a write', () => {
  it('goes through where any of its versions is the current', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed(LISTS);
    const write = (name: string, tags: string) =>
      admin.call(PATH, { method: 'PATCH', body: { name }, headers: { 'if-match': tags } });
    expect((await write('A', '"7", "1"')).status).toBe(200);
    expect((await write('B', '*')).status).toBe(200);
    expect(refusalOf(await write('C', '"1", "2"'))).toBe('412 stale');
    expect(admin.desk.get('partner', PARTNER.id)).toMatchObject({
      version: 3,
      body: { name: 'B' },
    });
  });

  it('is not for a version that nobody has read: one that comes while it waits', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed(LISTS);
    const [first, second] = await Promise.all([
      admin.patch(PATH, { name: 'First' }, 1),
      admin.patch(PATH, { class: 'supply-chain' }, 2),
    ]);
    const outcomes = [first.status, second.status];
    // The second is either read when the first is done, or refused; it never undoes it.
    expect([
      [200, 200],
      [200, 412],
    ]).toContainEqual(outcomes);
    expect(admin.desk.get('partner', PARTNER.id)!.body.name).toBe('First');
  });

  it('with * goes on what is there when it is read, and fails where that changes', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed(LISTS);
    const names = Array.from({ length: 8 }, (_, i) => `name-${i}`);
    const answers = await Promise.all(
      names.map(name =>
        admin.call(PATH, { method: 'PATCH', body: { name }, headers: { 'if-match': '*' } }),
      ),
    );
    const done = answers.filter(({ status }) => status === 200);
    expect(answers.every(({ status }) => status === 200 || status === 412)).toBe(true);
    expect(admin.desk.get('partner', PARTNER.id)!.version).toBe(1 + done.length);
  });
});
