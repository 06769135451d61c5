/**
 * Makes sure that every path means one operation per method, whoever reads the templates: two
 * operations never share a method and a shape, and where two templates match the same path, one is
 * the more specific in every segment in which they differ (OpenAPI 3.1, section "Path Templating
 * Matching", calls the others ambiguous and leaves them to the tool; here they are refused).
 */
import { TemplateColumns } from './find-crossings.ts';
import {
  insertInto,
  removeFrom,
  segmentsOf,
  TreeNode,
  type TreeOperation,
} from './template-tree.ts';

/**
 * Tree nodes that one lookup may visit in the worst case. Templates of a real API need a handful;
 * only a set built to overlap at every level comes near.
 */
const LOOKUP_VISITS_MAX = 128;
/** Operations of all APIs together. */
const OPERATIONS_MAX = 100_000;

export interface PublishedOperation {
  /** `<api>.<operation>`. */
  readonly id: string;
  readonly method: string;
  readonly pathTemplate: string;
}

export interface Overlap {
  /** Of the operation among those that were checked. */
  readonly index: number;
  /** A verb phrase. */
  readonly message: string;
}

/** What is published now, by API. */
export class OperationTable {
  private readonly root = new TreeNode();
  private readonly byApi = new Map<string, readonly TreeOperation[]>();
  private readonly columns = new Map<string, TemplateColumns<TreeNode>>();
  private size = 0;

  /** Publishes these in place of the API's operations; undefined publishes none of it. */
  replace(apiId: string, operations: readonly PublishedOperation[] | undefined): void {
    for (const operation of this.byApi.get(apiId) ?? []) this.remove(operation);
    this.byApi.delete(apiId);
    if (operations === undefined) return;
    const held = operations.map(operation => heldOf(apiId, operation));
    for (const operation of held) this.insert(operation);
    this.byApi.set(apiId, held);
  }

  /** What cannot be told from another operation if the API had these in place of its own. */
  check(apiId: string, operations: readonly PublishedOperation[]): readonly Overlap[] {
    const own = this.byApi.get(apiId) ?? [];
    // Taken out and put back: what is there must not know that it was looked at.
    for (const operation of own) this.remove(operation);
    const visitsBefore = this.root.visits;
    const tried = operations.map(operation => heldOf(apiId, operation));
    const overlaps: Overlap[] = [];
    for (const [index, operation] of tried.entries()) {
      const message = this.describeOverlap(operation);
      if (message !== undefined) overlaps.push({ index, message });
      this.insert(operation);
    }
    const message = this.describeExcess(visitsBefore);
    if (message !== undefined) overlaps.push({ index: operations.length - 1, message });
    for (const operation of tried) this.remove(operation);
    for (const operation of own) this.insert(operation);
    return overlaps;
  }

  private insert(operation: TreeOperation): void {
    const segments = segmentsOf(operation.pathTemplate);
    const node = insertInto(this.root, operation, segments);
    this.size++;
    if (node.operations.length === 1) this.columnsFor(segments).add(node);
  }

  private remove(operation: TreeOperation): void {
    const segments = segmentsOf(operation.pathTemplate);
    const node = removeFrom(this.root, operation, segments);
    this.size--;
    if (node.operations.length > 0) return;
    const columns = this.columnsFor(segments);
    columns.delete(node);
    if (columns.size === 0) this.columns.delete(shapeOf(segments));
  }

  private columnsFor(segments: readonly string[]): TemplateColumns<TreeNode> {
    const shape = shapeOf(segments);
    let columns = this.columns.get(shape);
    if (columns === undefined) {
      columns = new TemplateColumns(segments.length);
      this.columns.set(shape, columns);
    }
    return columns;
  }

  private describeOverlap(operation: TreeOperation): string | undefined {
    const segments = segmentsOf(operation.pathTemplate);
    const node = nodeAt(this.root, segments);
    const [first] = node?.operations ?? [];
    if (first !== undefined) return describeClash(operation, first, node!.operations);
    const crossing = this.columns.get(shapeOf(segments))?.findCrossing(segments);
    return crossing && describeCrossing(operation, crossing.operations[0]!);
  }

  private describeExcess(visitsBefore: number): string | undefined {
    const { visits } = this.root;
    if (visits > LOOKUP_VISITS_MAX && visits > visitsBefore) {
      const cost = `one lookup may visit ${visits} nodes, where ${LOOKUP_VISITS_MAX} are allowed`;
      return `and the templates before it overlap so much that ${cost}`;
    }
    if (this.size <= OPERATIONS_MAX) return undefined;
    return `is one too many: ${OPERATIONS_MAX} operations may be published`;
  }
}

function heldOf(apiId: string, { id, method, pathTemplate }: PublishedOperation): TreeOperation {
  return { id, apiId, method, pathTemplate };
}

/**
 * Only templates of one length can match one path; a parameter is never empty, so those with a
 * trailing slash stay among themselves.
 */
function shapeOf(segments: readonly string[]): string {
  return `${segments.length}${segments.at(-1) === '' ? '/' : ''}`;
}

function nodeAt(root: TreeNode, segments: readonly string[]): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const segment of segments) node = node?.childOf(segment);
  return node;
}

function describeClash(
  operation: TreeOperation,
  first: TreeOperation,
  declared: readonly TreeOperation[],
): string | undefined {
  const same = declared.find(({ method }) => method === operation.method);
  if (same !== undefined) {
    return `is ${operation.method} ${operation.pathTemplate}, which ${same.id} already declares`;
  }
  if (first.apiId !== operation.apiId) {
    return `is at ${operation.pathTemplate}, which belongs to the API ${first.apiId}`;
  }
  if (first.pathTemplate !== operation.pathTemplate) {
    const { pathTemplate } = operation;
    const other = `${first.id} has ${first.pathTemplate}`;
    return `is at ${pathTemplate}, name the parameters alike: ${other}`;
  }
  return undefined;
}

function describeCrossing(operation: TreeOperation, other: TreeOperation): string {
  const both = `${operation.pathTemplate} and ${other.pathTemplate} of ${other.id}`;
  return `is ambiguous: some paths match both ${both}, and neither is more specific`;
}
