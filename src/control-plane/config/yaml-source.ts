/** A YAML file (JSON is YAML) that remembers on which line each of its options stands. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { ConfigError, type ConfigProblem, displayName } from './config-error.ts';
import { readOperatorFile } from './operator-file.ts';

/** How often anchors may be expanded in all: nested aliases otherwise grow exponentially. */
const ALIASES_MAX = 100;

export type OptionPath = readonly (string | number)[];

/** `workers.queueMax`, `keys[3].algorithm`, `paths["/a/{b}"].get`. */
export function formatPath(path: OptionPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w-]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** What an operator wrote, and the way from an option to where it stands. */
export interface OptionSource {
  readonly file: string;
  readonly value: unknown;
  problem(path: OptionPath, message: string): ConfigProblem;
}

export class YamlSource implements OptionSource {
  /** As the operator would name it. */
  readonly file: string;
  /** The plain value; undefined for an empty file. */
  readonly value: unknown;
  private readonly document: ReturnType<typeof parseDocument>;
  private readonly lines: LineCounter;

  private constructor(
    file: string,
    document: ReturnType<typeof parseDocument>,
    lines: LineCounter,
    value: unknown,
  ) {
    this.file = file;
    this.document = document;
    this.lines = lines;
    this.value = value;
  }

  /** Throws ConfigError for a file that is unreadable or not one YAML document. */
  static read(file: string, maxBytes: number): YamlSource {
    return YamlSource.parse(displayName(file), readText(file, maxBytes));
  }

  /** @param name how problems name the file */
  static parse(name: string, text: string): YamlSource {
    const lines = new LineCounter();
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: true,
    });
    // An unknown tag is only a warning to the parser, but its value would not be what it says.
    const refused = [...document.errors, ...document.warnings];
    if (refused.length > 0) {
      throw new ConfigError(
        refused.slice(0, 10).map(({ message, pos }) => {
          const { line } = lines.linePos(pos[0]);
          return { file: name, line, path: '', message: `is not valid YAML: ${message}` };
        }),
      );
    }
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: ALIASES_MAX });
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      throw fileError(name, `is not acceptable YAML: ${error.message}`);
    }
    return new YamlSource(name, document, lines, value ?? undefined);
  }

  /** The line of an option's name, or of the nearest option around it that is in the file. */
  lineOf(path: OptionPath): number {
    let node: unknown = this.document.contents;
    let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.document);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
        if (pair === undefined) break;
        offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
        node = pair.value;
      } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
        node = node.items[step];
        offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
      } else {
        break;
      }
    }
    return this.lines.linePos(offset).line;
  }

  problem(path: OptionPath, message: string): ConfigProblem {
    return { file: this.file, line: this.lineOf(path), path: formatPath(path), message };
  }
}

/** A whole file of UTF-8 text. Throws ConfigError where it is none. */
export function readText(file: string, maxBytes: number): string {
  const { bytes, reason } = readOperatorFile(file, maxBytes);
  if (bytes === undefined) throw fileError(displayName(file), reason);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fileError(displayName(file), 'is not UTF-8 text');
  }
}

export function fileError(file: string, message: string): ConfigError {
  return new ConfigError([{ file, line: 0, path: '', message }]);
}
