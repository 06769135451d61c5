import type { Rule, SourceTree, Violation } from '../source-tree.ts';

/** Names that say that something exists, not what it is. */
const EMPTY_WORDS = /^(utils?|helpers?|common|managers?|misc)$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Every folder and file of the code once: its path and its name without extensions. */
function namesOf({ code }: SourceTree): Map<string, string> {
  const names = new Map<string, string>();
  for (const { path } of code) {
    const parts = path.split('/');
    for (let depth = 1; depth <= parts.length; depth++) {
      const part = parts[depth - 1]!;
      const name = depth === parts.length ? part.replace(/\..*$/, '') : part;
      names.set(parts.slice(0, depth).join('/'), name);
    }
  }
  return names;
}

const perName = (rule: string, check: (name: string) => string | undefined) =>
  ({
    name: rule,
    check: tree =>
      [...namesOf(tree)].flatMap(([path, name]): Violation[] => {
        const message = check(name);
        return message === undefined ? [] : [{ rule, path, line: 0, message }];
      }),
  }) satisfies Rule;

export const tellingNames = perName('telling-names', name => {
  const word = name.split('-').find(part => EMPTY_WORDS.test(part));
  return word === undefined ? undefined : `"${word}" names nothing`;
});

export const kebabCase = perName('kebab-case', name =>
  KEBAB_CASE.test(name) ? undefined : `"${name}" is not in kebab-case`,
);
