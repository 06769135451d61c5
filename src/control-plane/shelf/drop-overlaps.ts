import { OperationTable } from '../registry/check-overlaps.ts';
import { joinPath } from '../registry/path-template.ts';
import type { ConvertedOperation } from './converted-operation.ts';
import type { PlacedIssue } from './read-document.ts';

/** Each round takes what the one before left; the registry looks at whatever remains. */
const ROUNDS_MAX = 50;

/** Leaves out operations whose paths others of the document match as well. */
export function dropOverlaps(
  operations: readonly ConvertedOperation[],
  basePath: string,
): { readonly taken: readonly ConvertedOperation[]; readonly refused: readonly PlacedIssue[] } {
  const refused: PlacedIssue[] = [];
  let taken = operations;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const reasons = overlapsOf(taken, basePath);
    if (reasons.size === 0) break;
    // An ambiguous path is so for all its methods, and the check names the first of them.
    const paths = new Map([...reasons].map(([{ body }, message]) => [body.path, message]));
    const left: ConvertedOperation[] = [];
    for (const operation of taken) {
      const message = reasons.get(operation) ?? paths.get(operation.body.path);
      if (message === undefined) left.push(operation);
      else refused.push({ code: 'path-overlap', path: operation.at, message });
    }
    taken = left;
  }
  return { taken, refused };
}

function overlapsOf(operations: readonly ConvertedOperation[], basePath: string) {
  const published = operations.map(({ body }) => ({
    id: body.id,
    method: body.method,
    pathTemplate: joinPath(basePath, body.path),
  }));
  const overlaps = new OperationTable().check('', published);
  return new Map(overlaps.map(({ index, message }) => [operations[index]!, message]));
}
