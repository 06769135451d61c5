import { afterAll, describe, expect, it } from 'vitest';
import { refusalOf, ShelfUnderTest, vector } from './shelf-fixture.ts';

interface PublicDocument {
  readonly file: string;
  readonly operations: number;
  /** Without and with ids of ours. */
  readonly taken: readonly [asWritten: number, derived: number];
  readonly refused: Readonly<Record<string, number>>;
  readonly grade: string;
}

/** docs/shelf.md has the same as a table, with what it means. */
const DOCUMENTS: readonly PublicDocument[] = [
  {
    file: 'github.json',
    operations: 845,
    taken: [0, 790],
    refused: { 'operation-id': 845 },
    grade: 'E',
  },
  { file: 'netbox.json', operations: 844, taken: [844, 844], refused: {}, grade: 'F' },
  {
    file: 'jira.json',
    operations: 499,
    taken: [442, 442],
    refused: { 'path-overlap': 57 },
    grade: 'D',
  },
  { file: 'bunq.json', operations: 429, taken: [429, 429], refused: {}, grade: 'E' },
  {
    file: 'digitalocean.json',
    operations: 290,
    taken: [279, 279],
    refused: { 'path-overlap': 11 },
    grade: 'D',
  },
  {
    file: 'squareup.json',
    operations: 200,
    taken: [190, 197],
    refused: { 'operation-id': 7, 'path-overlap': 3 },
    grade: 'D',
  },
  { file: 'figma.yaml', operations: 54, taken: [54, 54], refused: {}, grade: 'D' },
];

/** On a machine that does other things as well; one takes 3 s alone. */
const IMPORT_MAX_MS = 40_000;
/** Two imports of one document. */
const TEST_MAX_MS = 2 * IMPORT_MAX_MS;

describe('public documents', async () => {
  const shelf = await ShelfUnderTest.open();
  afterAll(() => shelf[Symbol.asyncDispose]());

  it.each(DOCUMENTS)(
    'imports $file and says what it leaves out',
    async expected => {
      const text = vector(expected.file);
      const id = expected.file.replace(/\W/g, '-');
      const choices = { id, basePath: `/${id}`, lifecycle: 'draft', skipInvalid: true } as const;
      const startedMs = performance.now();
      const answer = await shelf.import(text, { ...choices, deriveIds: true });
      const tookMs = performance.now() - startedMs;

      const { operations, style } = answer;
      expect(tookMs).toBeLessThan(IMPORT_MAX_MS);
      expect(operations.count).toBe(expected.operations);
      expect(operations.taken).toBe(expected.taken[1]);
      expect(operations.refused).toHaveLength(operations.count - operations.taken);
      for (const { pointer, line, message } of operations.refused) {
        expect(pointer).toMatch(/^\/paths\//);
        expect(line).toBeGreaterThan(0);
        expect(message).not.toBe('');
      }
      expect(style.grade).toBe(expected.grade);
      expect(shelf.registry.get('api', id)?.body.operations).toHaveLength(expected.taken[1]);

      const given = JSON.parse(await shelf.desk.give(id, 'json')) as { paths: object };
      const published = Object.values(given.paths).flatMap(item =>
        Object.keys(item).filter(name => /^(get|head|put|post|patch|delete|options)$/.test(name)),
      );
      expect(published).toHaveLength(expected.taken[1]);

      // The same again differs in nothing.
      const again = await shelf.import(text, { ...choices, deriveIds: true });
      expect(again.changes).toEqual({
        breaking: [],
        compatible: [],
        unclear: [],
        complete: true,
      });
    },
    TEST_MAX_MS,
  );

  it.each(DOCUMENTS)(
    'says of $file which operations cannot be taken as written',
    async expected => {
      const [asWritten] = expected.taken;
      const text = vector(expected.file);
      const { operations } = await shelf.desk.check({ text }, false);
      expect(operations.taken).toBe(asWritten);
      const counts: Record<string, number> = {};
      for (const { code } of operations.refused) counts[code] = (counts[code] ?? 0) + 1;
      expect(counts).toEqual(expected.refused);
    },
    TEST_MAX_MS,
  );

  it('keeps them from the shelf as they are: none follows the bank’s standard', async () => {
    const choices = { id: 'figma-2', basePath: '/figma-2', lifecycle: 'published' } as const;
    const refusal = await refusalOf(shelf.import(vector('figma.yaml'), choices));
    expect(refusal.code).toBe('style-blocked');
    expect(shelf.registry.get('api', 'figma-2')).toBeUndefined();
  });
});
