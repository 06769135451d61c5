/** What the rules need to know of one module, taken from its syntax tree. */
import { posix } from 'node:path';
import { type Node, parseSync } from 'oxc-parser';

export interface ImportEdge {
  readonly specifier: string;
  /** The imported file relative to the root, or undefined for a package or a Node module. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  /** Without the suites inside it: `describe` is a chapter of a test, not a function. */
  readonly lineCount: number;
}

export interface CommentText {
  readonly text: string;
  readonly line: number;
  readonly endLine: number;
}

/** A call through a member of a name: `it.skip(...)`, `context.skip(...)`. */
export interface MemberCall {
  readonly object: string;
  readonly member: string;
  readonly line: number;
  readonly hasText: boolean;
}

export interface ParsedModule {
  readonly imports: readonly ImportEdge[];
  readonly functions: readonly FunctionSpan[];
  readonly comments: readonly CommentText[];
  readonly memberCalls: readonly MemberCall[];
}

type AnyNode = Node & Record<string, unknown>;

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const SUITE = /^(describe|suite)\b/;

/** Parses one module. Throws where it is not valid TypeScript: then no rule could be trusted. */
export function parseModule(path: string, text: string): ParsedModule {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const reader = new ModuleReader(path, text);
  reader.visit(program as unknown as AnyNode, undefined);
  return {
    imports: reader.imports,
    functions: reader.functions,
    memberCalls: reader.memberCalls,
    comments: comments.map(({ value, start, end }) => ({
      text: value,
      line: reader.lineAt(start),
      endLine: reader.lineAt(end),
    })),
  };
}

class ModuleReader {
  readonly imports: ImportEdge[] = [];
  readonly functions: FunctionSpan[] = [];
  readonly memberCalls: MemberCall[] = [];
  private readonly path: string;
  private readonly text: string;
  private readonly lineStarts: number[] = [0];
  /** Lines of suites, per enclosing function. */
  private readonly suiteLines: number[] = [];

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.lineStarts.push(at + 1);
    }
  }

  lineAt(offset: number): number {
    let low = 0;
    let high = this.lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  visit(node: AnyNode, parent: AnyNode | undefined): void {
    this.readImport(node);
    this.readMemberCall(node);
    const isFunction = FUNCTIONS.has(node.type);
    const isSuite = isFunction && this.isSuiteCallback(node, parent);
    if (isFunction) this.suiteLines.push(0);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) this.visit(child, node);
      }
    }
    if (!isFunction) return;
    const span = this.lineAt(node.end) - this.lineAt(node.start) + 1;
    const inSuites = this.suiteLines.pop()!;
    if (isSuite) {
      if (this.suiteLines.length > 0) this.suiteLines[this.suiteLines.length - 1]! += span;
      return;
    }
    const name = nameOf(node) ?? (parent && nameOf(parent)) ?? 'a function without a name';
    this.functions.push({ name, line: this.lineAt(node.start), lineCount: span - inSuites });
  }

  private isSuiteCallback(node: AnyNode, parent: AnyNode | undefined): boolean {
    if (parent?.type !== 'CallExpression' || node === (parent.callee as unknown)) return false;
    const callee = parent.callee as unknown as AnyNode;
    return SUITE.test(this.text.slice(callee.start, callee.end));
  }

  private readImport(node: AnyNode): void {
    if (
      !/^(Import|ExportNamed|ExportAll)(Declaration|Expression)$|^TSImportType$/.test(node.type)
    ) {
      return;
    }
    const source = node.source as AnyNode | null;
    if (source === null || typeof source.value !== 'string') return;
    const kind = node.importKind ?? node.exportKind;
    this.imports.push({
      specifier: source.value,
      target: source.value.startsWith('.')
        ? posix.join(posix.dirname(this.path), source.value)
        : undefined,
      typeOnly: kind === 'type' || node.type === 'TSImportType' || namesOnlyTypes(node),
      line: this.lineAt(node.start),
    });
  }

  private readMemberCall(node: AnyNode): void {
    if (node.type !== 'CallExpression') return;
    const callee = node.callee as unknown as AnyNode;
    if (callee.type !== 'MemberExpression') return;
    const object = callee.object as unknown as AnyNode;
    const property = callee.property as unknown as AnyNode;
    this.memberCalls.push({
      object: this.text.slice(object.start, object.end),
      member: this.text.slice(property.start, property.end),
      line: this.lineAt(node.start),
      hasText: (node.arguments as unknown as AnyNode[]).some(
        argument => argument.type === 'TemplateLiteral' || typeof argument.value === 'string',
      ),
    });
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof (value as { type?: unknown } | null)?.type === 'string';
}

function namesOnlyTypes(node: AnyNode): boolean {
  const specifiers = (node.specifiers ?? []) as AnyNode[];
  return (
    specifiers.length > 0 &&
    specifiers.every(({ importKind, exportKind }) => (importKind ?? exportKind) === 'type')
  );
}

function nameOf(node: AnyNode): string | undefined {
  const { name } = ((node.id ?? node.key) as { name?: unknown } | null | undefined) ?? {};
  return typeof name === 'string' ? name : undefined;
}
