/**
 * Makes sure that every path means one operation per method, whoever reads the templates: two
 * operations never share a method and a shape, and where two templates match the same path, one is
 * the more specific in every segment in which they differ (OpenAPI 3.1, section "Path Templating
 * Matching", calls the others ambiguous and leaves them to the tool; here they are refused).
 */
import { findCrossings } from './find-crossings.ts';
import { isParameter } from './path-template.ts';

/**
 * Tree nodes that one lookup may visit in the worst case. Templates of a real API need a handful;
 * only a set built to overlap at every level comes near.
 */
const LOOKUP_VISITS_MAX = 128;

export interface DeclaredOperation {
  readonly id: string;
  readonly apiId: string;
  readonly method: string;
  readonly pathTemplate: string;
}

interface Node {
  readonly statics: Map<string, Node>;
  parameter: Node | undefined;
  /** The operations at this shape; the first one gives the template its name in messages. */
  readonly operations: DeclaredOperation[];
}

/** Reports a verb phrase for each operation that cannot be told from an earlier one. */
export function checkOverlaps<T extends DeclaredOperation>(
  operations: readonly T[],
  report: (operation: T, message: string) => void,
): void {
  const root = newNode();
  const firsts: T[] = [];
  for (const operation of operations) {
    const node = insert(root, segmentsOf(operation));
    const first = node.operations[0];
    if (first === undefined) {
      firsts.push(operation);
    } else {
      const clash = describeClash(operation, first, node.operations);
      if (clash !== undefined) report(operation, clash);
    }
    node.operations.push(operation);
  }
  for (const [index, earlier] of findCrossings(firsts.map(segmentsOf))) {
    report(firsts[index]!, describeCrossing(firsts[index]!, firsts[earlier]!));
  }
  const visits = countVisits(root);
  if (visits > LOOKUP_VISITS_MAX && operations.length > 0) {
    const cost = `one lookup may visit ${visits} nodes, where ${LOOKUP_VISITS_MAX} are allowed`;
    report(operations.at(-1)!, `and the templates before it overlap so much that ${cost}`);
  }
}

function segmentsOf({ pathTemplate }: DeclaredOperation): string[] {
  return pathTemplate.slice(1).split('/');
}

function newNode(): Node {
  return { statics: new Map(), parameter: undefined, operations: [] };
}

function insert(root: Node, segments: readonly string[]): Node {
  let node = root;
  for (const segment of segments) {
    if (isParameter(segment)) {
      node.parameter ??= newNode();
      node = node.parameter;
    } else {
      let child = node.statics.get(segment);
      if (child === undefined) {
        child = newNode();
        node.statics.set(segment, child);
      }
      node = child;
    }
  }
  return node;
}

function describeClash(
  operation: DeclaredOperation,
  first: DeclaredOperation,
  declared: readonly DeclaredOperation[],
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

function describeCrossing(operation: DeclaredOperation, other: DeclaredOperation): string {
  const both = `${operation.pathTemplate} and ${other.pathTemplate} of ${other.id}`;
  return `is ambiguous: some paths match both ${both}, and neither is more specific`;
}

/** An upper bound of the nodes that one path can reach: one static child and the parameter. */
function countVisits(node: Node): number {
  let widest = 0;
  for (const child of node.statics.values()) widest = Math.max(widest, countVisits(child));
  return 1 + widest + (node.parameter === undefined ? 0 : countVisits(node.parameter));
}
