/**
 * The templates of all published operations as a tree of their segments: what has one shape is in
 * one place, and what a lookup may cost is known at every node.
 */
import { isParameter } from './path-template.ts';

export interface TreeOperation {
  readonly id: string;
  readonly apiId: string;
  readonly method: string;
  readonly pathTemplate: string;
}

/** A shape: a template with its parameters' names left out. */
export class TreeNode {
  /** Undefined where it has none: most nodes are the last of their template. */
  statics: Map<string, TreeNode> | undefined;
  parameter: TreeNode | undefined;
  /** Those at this shape; the first gives the template its name in messages. */
  readonly operations: TreeOperation[] = [];
  /** The segments of the first; they stand for all as long as there is one. */
  segments: readonly string[] = [];
  /** Of the static children, the most nodes that one of them can lead to. */
  private widest = 0;

  /** An upper bound of the nodes that one path can reach: one static child and the parameter. */
  get visits(): number {
    return 1 + this.widest + (this.parameter?.visits ?? 0);
  }

  get isEmpty(): boolean {
    const hasChildren = this.parameter !== undefined || (this.statics?.size ?? 0) > 0;
    return this.operations.length === 0 && !hasChildren;
  }

  childOf(segment: string): TreeNode | undefined {
    return isParameter(segment) ? this.parameter : this.statics?.get(segment);
  }

  addChild(segment: string): TreeNode {
    const child = new TreeNode();
    if (isParameter(segment)) {
      this.parameter = child;
      return child;
    }
    this.statics ??= new Map();
    this.statics.set(segment, child);
    return child;
  }

  deleteChild(segment: string): void {
    if (isParameter(segment)) this.parameter = undefined;
    else this.statics!.delete(segment);
  }

  /** After that child led to so many nodes before, and to as many as it says now. */
  measure(segment: string, visitsBefore: number): void {
    if (isParameter(segment)) return;
    const visits = this.statics?.get(segment)?.visits ?? 0;
    if (visits >= this.widest) this.widest = visits;
    else if (visitsBefore === this.widest) this.widest = this.widestUpTo(visitsBefore);
  }

  /** Ends at the first that reaches the limit: mostly many are alike. */
  private widestUpTo(limit: number): number {
    let widest = 0;
    for (const child of this.statics?.values() ?? []) {
      widest = Math.max(widest, child.visits);
      if (widest >= limit) break;
    }
    return widest;
  }
}

export function segmentsOf(pathTemplate: string): string[] {
  return pathTemplate.slice(1).split('/');
}

/** Adds an operation; the node that has it. */
export function insertInto(
  node: TreeNode,
  operation: TreeOperation,
  segments: readonly string[],
  depth = 0,
): TreeNode {
  if (depth === segments.length) {
    if (node.operations.length === 0) node.segments = segments;
    node.operations.push(operation);
    return node;
  }
  const segment = segments[depth]!;
  const known = node.childOf(segment);
  const visitsBefore = known?.visits ?? 0;
  const child = known ?? node.addChild(segment);
  const end = insertInto(child, operation, segments, depth + 1);
  node.measure(segment, visitsBefore);
  return end;
}

/** Takes out an operation that is there, and the nodes that nobody needs any more. */
export function removeFrom(
  node: TreeNode,
  operation: TreeOperation,
  segments: readonly string[],
  depth = 0,
): TreeNode {
  if (depth === segments.length) {
    node.operations.splice(node.operations.indexOf(operation), 1);
    return node;
  }
  const segment = segments[depth]!;
  const child = node.childOf(segment)!;
  const visitsBefore = child.visits;
  const end = removeFrom(child, operation, segments, depth + 1);
  if (child.isEmpty) node.deleteChild(segment);
  node.measure(segment, visitsBefore);
  return end;
}
