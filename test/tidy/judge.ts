import type { Exception } from './exceptions.ts';
import type { Rule, SourceTree } from './source-tree.ts';

/** What is wrong with a tree, one sentence each, and the exceptions that it does not need. */
export function judge(
  tree: SourceTree,
  rules: readonly Rule[],
  exceptions: readonly Exception[],
): string[] {
  const needed = new Set<Exception>();
  const complaints = rules
    .flatMap(rule => rule.check(tree))
    .filter(({ rule, path }) => {
      const excused = exceptions.find(
        exception => exception.rule === rule && exception.path === path,
      );
      if (excused !== undefined) needed.add(excused);
      return excused === undefined;
    })
    .map(({ rule, path, line, message }) => `${path}:${line} ${rule}: ${message}`);
  const idle = exceptions
    .filter(exception => !needed.has(exception))
    .map(({ path, rule }) => `${path} ${rule}: the exception is not needed, take it out`);
  return [...complaints, ...idle].sort();
}
