/**
 * Puts the operations that changes would publish into the table of all that are published, to see
 * whether every path would still mean one operation.
 */
import type { JsonObject } from '../../stores/registry-contract.ts';
import { publishedOperations } from './api-form.ts';
import type { OperationTable } from './check-overlaps.ts';
import type { Draft } from './draft.ts';
import { isEqualJson } from './json-values.ts';
import type { Pace } from './pace.ts';
import type { RefusalList } from './refusal-list.ts';
import type { Replaced } from './registry-state.ts';
import type { Api } from './schema.ts';

interface Staged {
  readonly id: string;
  readonly before: JsonObject | undefined;
  readonly body: JsonObject | undefined;
}

/** Whether its operations can be called. */
export function isPublished(api: JsonObject | undefined): api is JsonObject {
  return api?.lifecycle === 'published' || api?.lifecycle === 'deprecated';
}

/**
 * All that change leave the table first and come back in the order of their ids, so that it does
 * not matter in which order they were proposed.
 *
 * @returns takes all of it back
 */
export async function stageOperations(
  table: OperationTable,
  draft: Draft,
  list: RefusalList,
  pace: Pace,
): Promise<() => void> {
  const staged = changedOperations(draft);
  const undo = () => replaceAll(table, staged, ({ before }) => before);
  try {
    for (const { id } of staged) table.replace(id, undefined);
    for (const { id, body } of staged) {
      if (!isPublished(body)) continue;
      const operations = publishedOperations(body as unknown as Api);
      const clashes = table.check(id, operations);
      for (const { index, message } of clashes) {
        list.add('conflict', { kind: 'api', id }, `/operations/${index}`, message);
      }
      if (clashes.length === 0) table.replace(id, operations);
      if (pace.isOver()) await pace.rest();
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

/** What was committed elsewhere was checked there. */
export function followOperations(
  table: OperationTable,
  replaced: Replaced,
  bodyOf: (id: string) => JsonObject | undefined,
): void {
  const ids = [...(replaced.get('api')?.keys() ?? [])];
  const staged = ids.map(id => ({ id, before: undefined, body: bodyOf(id) }));
  replaceAll(table, staged, ({ body }) => body);
}

function changedOperations(draft: Draft): Staged[] {
  return [...draft.changesOf('api').values()]
    .map(({ id, before, body }) => ({ id, before: before?.body, body }))
    .filter(({ before, body }) => {
      const isBefore = isPublished(before);
      if (isBefore !== isPublished(body)) return true;
      return isBefore && !isEqualJson(pathsOf(before), pathsOf(body!));
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function pathsOf({ basePath, operations }: JsonObject): JsonObject {
  return { basePath: basePath!, operations: operations! };
}

function replaceAll(
  table: OperationTable,
  staged: readonly Staged[],
  pick: (staged: Staged) => JsonObject | undefined,
): void {
  for (const { id } of staged) table.replace(id, undefined);
  for (const one of staged) {
    const body = pick(one);
    if (!isPublished(body)) continue;
    table.replace(one.id, publishedOperations(body as unknown as Api));
  }
}
