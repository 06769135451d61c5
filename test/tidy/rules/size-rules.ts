import type { CodeFile, Rule, Violation } from '../source-tree.ts';

const LINE_COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 400;

const perFile = (name: string, check: (file: CodeFile) => Omit<Violation, 'rule' | 'path'>[]) =>
  ({
    name,
    check: ({ code }) =>
      code.flatMap(file => check(file).map(found => ({ rule: name, path: file.path, ...found }))),
  }) satisfies Rule;

export const lineLength = perFile('line-length', file =>
  file.lines.flatMap((text, index) => {
    const columns = [...text].length;
    if (columns <= LINE_COLUMNS_MAX) return [];
    return [{ line: index + 1, message: `${columns} columns, at most ${LINE_COLUMNS_MAX}` }];
  }),
);

export const functionLength = perFile('function-length', file =>
  file.functions
    .filter(({ lineCount }) => lineCount > FUNCTION_LINES_MAX)
    .map(({ name, line, lineCount }) => ({
      line,
      message: `${name} has ${lineCount} lines, at most ${FUNCTION_LINES_MAX}`,
    })),
);

export const fileLength = perFile('file-length', file =>
  file.lines.length <= FILE_LINES_MAX
    ? []
    : [{ line: 0, message: `${file.lines.length} lines, at most ${FILE_LINES_MAX}` }],
);
