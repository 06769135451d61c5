import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  ApplyResult,
  PlannedChange,
  RegistryLists,
} from '../../../src/control-plane/registry/desk-contract.ts';
import { readRegistryFile, registryYaml } from '../../../src/control-plane/registry/index.ts';
import { RECORD_KINDS } from '../../../src/control-plane/registry/kinds.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { DeskUnderTest } from './desk-fixture.ts';
import { drawRegistry, exportOf, keyOf } from './drawn-registry.ts';

const STEPS = 4;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-round-trip-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** By `<kind>/<id>`. */
function recordsOf(lists: RegistryLists): Map<string, object> {
  return new Map(
    RECORD_KINDS.flatMap(({ kind, list }) =>
      (lists[list] ?? []).map(record => [`${kind}/${keyOf(record)}`, record] as const),
    ),
  );
}

function planOf(result: ApplyResult): readonly PlannedChange[] {
  if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
  return result.plan;
}

/** `<action> <kind>/<id>`, worked out from what was exported before and after. */
function differencesOf(before: Map<string, object>, after: Map<string, object>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    if (!before.has(name)) return `create ${name}`;
    if (!after.has(name)) return `delete ${name}`;
    const isSame = JSON.stringify(before.get(name)) === JSON.stringify(after.get(name));
    return isSame ? [] : `update ${name}`;
  });
}

describe('random registries, applied one after another', () => {
  it('are exported as they were given, and their export changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async g => {
        const { desk, ...under } = bound(await DeskUnderTest.open());
        for (let step = 0; step < STEPS; step++) {
          const lists = drawRegistry(g);
          planOf(await under.apply(lists, { prune: true }));
          expect(desk.export()).toEqual(exportOf(lists));
          const { revision } = desk;
          const isJson = g(fc.boolean);
          const again = await under.apply(throughFile(desk.export(), isJson), { prune: true });
          expect(again).toEqual({ revision, plan: [] });
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are planned exactly, dry or not, and versions and revisions follow the plan', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async g => {
        const { desk, ...under } = bound(await DeskUnderTest.open());
        const versions = new Map<string, number>();
        for (let step = 0; step < STEPS; step++) {
          const lists = drawRegistry(g);
          const before = recordsOf(desk.export());
          const { revision } = desk;
          const dry = planOf(await under.apply(lists, { prune: true, dryRun: true }));
          expect(recordsOf(desk.export())).toEqual(before);
          const plan = planOf(await under.apply(lists, { prune: true }));
          expect(plan).toEqual(dry);
          const planned = plan.map(({ action, kind, id }) => `${action} ${kind}/${id}`);
          expect(planned.toSorted()).toEqual(
            differencesOf(before, recordsOf(desk.export())).toSorted(),
          );
          expect(desk.revision).toBe(revision + Math.min(plan.length, 1));
          for (const { action, kind, id } of plan) {
            const version = (versions.get(`${kind}/${id}`) ?? 0) + 1;
            versions.set(`${kind}/${id}`, version);
            const record = desk.get(kind, id);
            if (action === 'delete') expect(record).toBeUndefined();
            else expect(record).toMatchObject({ version, revision: desk.revision });
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** As the command writes what it exports, and reads what it applies. */
function throughFile(lists: RegistryLists, isJson: boolean): Record<string, JsonObject[]> {
  const file = join(folder, isJson ? 'registry.json' : 'registry.yaml');
  writeFileSync(file, isJson ? JSON.stringify(lists) : registryYaml(lists));
  return readRegistryFile(file).lists as Record<string, JsonObject[]>;
}

function bound(under: DeskUnderTest) {
  return { desk: under.desk, apply: under.apply.bind(under) };
}
