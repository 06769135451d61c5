/** Reads PromQL by the grammar of Prometheus' own editor, as far as the tests of the files ask. */
import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Functions and aggregations around it, the innermost first: `rate`, `sum`. */
  readonly within: readonly string[];
}

/** `by (...)` or `without (...)`, `on`, `ignoring`, `group_left`. */
export interface Grouping {
  readonly labels: readonly string[];
  /** Of the expression to which it belongs. */
  readonly metrics: readonly string[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  readonly groupings: readonly Grouping[];
}

/** @throws Error with the place where it is no PromQL */
export function readPromql(text: string): Expression {
  const selectors: Selector[] = [];
  const groupings: Grouping[] = [];
  parser.parse(text).iterate({
    enter: ({ type, node, from }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`);
      if (type.name === 'VectorSelector') selectors.push(selectorOf(node, text));
      if (type.name === 'GroupingLabels') groupings.push(groupingOf(node, text));
    },
  });
  return { selectors, groupings };
}

function selectorOf(node: SyntaxNode, text: string): Selector {
  const matchers = descendants(node, 'UnquotedLabelMatcher').map(matcher => {
    const part = (name: string) => textOf(matcher.getChild(name)!, text);
    const value = part('StringLiteral').slice(1, -1);
    return { label: part('LabelName'), operator: part('MatchOp'), value };
  });
  const within: string[] = [];
  for (let at = node.parent; at !== null; at = at.parent) {
    const name = at.getChild('FunctionIdentifier') ?? at.getChild('AggregateOp');
    if (name !== null) within.push(textOf(name, text));
  }
  return { metric: textOf(node.getChild('Identifier')!, text), matchers, within };
}

function groupingOf(node: SyntaxNode, text: string): Grouping {
  const labels = descendants(node, 'LabelName').map(label => textOf(label, text));
  let owner = node.parent!;
  while (owner.name !== 'AggregateExpr' && owner.name !== 'BinaryExpr') owner = owner.parent!;
  const metrics = descendants(owner, 'VectorSelector').map(selector =>
    textOf(selector.getChild('Identifier')!, text),
  );
  return { labels, metrics };
}

function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate(({ node: each }) => {
    if (each.name === name) found.push(each);
  });
  return found;
}

function textOf({ from, to }: SyntaxNode, text: string): string {
  return text.slice(from, to);
}
