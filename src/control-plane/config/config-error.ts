/** What is wrong in the operator's files, all of it at once. */
import { isAbsolute, relative } from 'node:path';

export interface ConfigProblem {
  /** As the operator would name the file: relative to the working directory if it is inside. */
  readonly file: string;
  /** From 1; 0 where the problem is the file itself. */
  readonly line: number;
  /** The option's full path, e.g. `workers.queueMax`; '' for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** Problems that one error carries; a file that is wrong throughout is not worth more lines. */
export const CONFIG_PROBLEMS_MAX = 200;

function formatProblem({ file, line, path, message }: ConfigProblem): string {
  const place = line === 0 ? file : `${file}:${line}`;
  return `${place}: ${path === '' ? message : `${path} ${message}`}`;
}

/** Its message has one line per problem: `xingyun.yaml:12: workers.queueMax must be ...`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], left = 0) {
    const lines = problems.map(formatProblem);
    if (left > 0) lines.push(`and ${left} more`);
    super(lines.join('\n'));
    this.problems = problems;
  }
}

/** Collects problems up to CONFIG_PROBLEMS_MAX and counts the rest. */
export class ProblemList {
  private readonly problems: ConfigProblem[] = [];
  private left = 0;

  get isEmpty(): boolean {
    return this.problems.length === 0;
  }

  add(problem: ConfigProblem): void {
    if (this.problems.length < CONFIG_PROBLEMS_MAX) this.problems.push(problem);
    else this.left++;
  }

  /** Throws a ConfigError, in the order of files and lines, when anything was added. */
  throwIfAny(): void {
    if (this.isEmpty) return;
    const files = [...new Set(this.problems.map(({ file }) => file))];
    const inOrder = this.problems.toSorted(
      (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line,
    );
    throw new ConfigError(inOrder, this.left);
  }
}

export function displayName(file: string): string {
  const fromHere = relative(process.cwd(), file);
  return fromHere.startsWith('..') || isAbsolute(fromHere) ? file : fromHere;
}
