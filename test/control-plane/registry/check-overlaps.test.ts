import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  OperationTable,
  type PublishedOperation,
} from '../../../src/control-plane/registry/check-overlaps.ts';

interface Declared extends PublishedOperation {
  readonly apiId: string;
}

/** `api1 GET /a/{x}`; the ids are the positions. */
function declare(...texts: string[]): Declared[] {
  return texts.map((text, index) => {
    const [apiId, method, pathTemplate] = text.split(' ') as [string, string, string];
    return { id: `op${index}`, apiId, method, pathTemplate };
  });
}

/** The ids of the operations that are refused, API by API, with the reason. */
function refusals(
  operations: readonly Declared[],
  table: OperationTable = new OperationTable(),
): string[] {
  const byApi = Map.groupBy(operations, ({ apiId }) => apiId);
  return [...byApi].flatMap(([apiId, own]) => {
    const found = table.check(apiId, own).map(({ index, message }) => {
      return `${own[index]!.id} ${message}`;
    });
    table.replace(apiId, own);
    return found;
  });
}

describe('operations side by side', () => {
  it.each([
    [['a GET /x', 'a POST /x', 'b GET /y']],
    [['a GET /x/{id}', 'a DELETE /x/{id}', 'b GET /x/special']],
    [['a GET /a/{x}/c', 'a GET /a/b/d', 'a GET /a/b/{y}/e']],
    [['a GET /x/{id}', 'a GET /x/', 'a GET /x']],
    [['a GET /{x}/b', 'a GET /a/']],
  ])('%j are told apart', texts => {
    expect(refusals(declare(...texts))).toEqual([]);
  });

  it.each([
    ['the same', ['a GET /x/{id}', 'a GET /x/{id}'], /op0 already declares/],
    ['the same shape', ['a GET /x/{id}', 'a GET /x/{key}'], /op0 already declares/],
    ['other names at one shape', ['a GET /x/{id}', 'a PUT /x/{key}'], /name the parameters alike/],
    ['the path of another API', ['a GET /x/{id}', 'b PUT /x/{id}'], /belongs to the API a/],
    ['a crossing', ['a GET /books/{id}', 'a GET /{kind}/me'], /ambiguous.* \/books\/\{id\} of op0/],
    ['a crossing of methods', ['a GET /{x}/b/{z}', 'a PUT /a/{y}/c'], /ambiguous/],
  ])('%s are refused at the second', (_, texts, reason) => {
    const found = refusals(declare(...texts));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^op1 /);
    expect(found[0]).toMatch(reason);
  });

  it('that overlap at every level are refused, as one lookup would visit too much', () => {
    const shapes = (levels: number) =>
      Array.from({ length: 2 ** levels }, (_, mask) => {
        const segments = Array.from({ length: levels }, (__, i) =>
          mask & (1 << i) ? 'a' : `{p${i}}`,
        );
        // A last segment of its own, so that none of them matches what another matches.
        return `a GET /${segments.join('/')}/end${mask}`;
      });
    expect(refusals(declare(...shapes(3)))).toEqual([]);
    expect(refusals(declare(...shapes(7)))).toEqual([expect.stringMatching(/^op127 .* may visit/)]);
  });
});

describe('the ambiguity check and a comparison of all pairs', () => {
  const segment = fc.constantFrom('a', 'b', '{x}');
  const template = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '/'))
    .map(([segments, end]) => `/${segments.join('/')}${end}`);
  const templates = fc.oneof(
    fc.uniqueArray(template, { minLength: 2, maxLength: 8 }),
    // More than the bits of one word.
    fc.uniqueArray(template, { minLength: 40, maxLength: 120 }),
  );

  function cross(one: string, other: string): boolean {
    const left = one.split('/');
    const right = other.split('/');
    if (left.length !== right.length) return false;
    const pairs = left.map((text, i) => [text, right[i]!] as const);
    const matches = (a: string, b: string) => a === b || (a === '{x}' && b !== '');
    const overlap = pairs.every(([a, b]) => matches(a, b) || matches(b, a));
    const moreSpecific = pairs.some(([a, b]) => a !== '{x}' && b === '{x}');
    const lessSpecific = pairs.some(([a, b]) => a === '{x}' && b !== '{x}');
    return overlap && moreSpecific && lessSpecific;
  }

  it('agree on random tables', () => {
    fc.assert(
      fc.property(templates, list => {
        const refused = refusals(declare(...list.map(template => `a GET ${template}`)));
        const expected = list.flatMap((template, index) =>
          list.slice(0, index).some(earlier => cross(earlier, template)) ? [`op${index}`] : [],
        );
        expect(refused.map(text => text.split(' ')[0])).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['a static or a parameter first', (i: number) => (i % 2 ? `/s${i}/{p}/a` : `/{x}/{p}/t${i}`)],
    ['thirty segments alike', (i: number) => `${'/bank'.repeat(29)}/{x}/s${i}`],
  ])('takes 10,000 operations with %s in seconds at most', (_, template) => {
    const texts = Array.from({ length: 10_000 }, (__, i) => {
      const path = template(i);
      return `a GET ${path.replaceAll('/{p}', '/{p}'.repeat(20))}`;
    });
    const operations = declare(...texts);
    // The processor's time, because others may use the machine; 14 s and more before.
    const before = process.cpuUsage();
    expect(refusals(operations)).toEqual([]);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });
});

describe('a table of what is published', () => {
  const op = (apiId: string, template: string) => declare(`${apiId} GET ${template}`);

  it('checks an API as if it were in place of the one before', () => {
    const table = new OperationTable();
    table.replace('a', op('a', '/x/{id}'));
    table.replace('b', op('b', '/y'));
    expect(table.check('a', op('a', '/x/{key}'))).toEqual([]);
    expect(table.check('b', op('b', '/x/{id}'))).toHaveLength(1);
    table.replace('a', undefined);
    expect(table.check('b', op('b', '/x/{id}'))).toEqual([]);
  });

  it('says the same however it came to be', () => {
    const segment = fc.constantFrom('a', 'b', '{x}');
    const template = fc
      .array(segment, { minLength: 1, maxLength: 3 })
      .map(segments => `/${segments.join('/')}`);
    const step = fc.record({
      apiId: fc.constantFrom('p', 'q', 'r', 's'),
      templates: fc.option(fc.uniqueArray(template, { maxLength: 4 }), { nil: undefined }),
      isChecked: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), template, (steps, probe) => {
        const table = new OperationTable();
        const last = new Map<string, PublishedOperation[]>();
        for (const { apiId, templates, isChecked } of steps) {
          const operations = templates?.map(text => op(apiId, text)[0]!);
          if (isChecked && operations) table.check(apiId, operations);
          table.replace(apiId, operations);
          last.delete(apiId);
          if (operations) last.set(apiId, operations);
        }
        const fresh = new OperationTable();
        for (const [apiId, operations] of last) fresh.replace(apiId, operations);
        const found = table.check('t', op('t', probe)).length;
        expect(found).toBe(fresh.check('t', op('t', probe)).length);
        // Asking leaves no trace.
        expect(table.check('t', op('t', probe)).length).toBe(found);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of 30,000 operations is filled and asked in no time', () => {
    const operationsOf = (i: number) =>
      declare(
        ...['accounts', 'accounts/{id}', 'accounts/{id}/bookings/{booking}', 'rates'].map(
          path => `api${i} GET /bank/open/service-${i}/v1/${path}`,
        ),
      );
    const table = new OperationTable();
    const before = process.cpuUsage();
    for (let i = 0; i < 7_500; i++) {
      const operations = operationsOf(i);
      expect(table.check(`api${i}`, operations)).toEqual([]);
      table.replace(`api${i}`, operations);
    }
    const filled = process.cpuUsage(before).user / 1e6;
    expect(table.check('api7', operationsOf(8))).toHaveLength(4);
    // 0.3 s and 0.1 ms where nothing else runs.
    expect(filled).toBeLessThan(3);
    expect(process.cpuUsage(before).user / 1e6 - filled).toBeLessThan(0.1);
  });
});
