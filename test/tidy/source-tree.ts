/** The tree that the rules look at: parsed code, page texts, and which paths exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParsedModule, parseModule } from './parsed-module.ts';

export interface CodeFile extends ParsedModule {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly lines: readonly string[];
}

export interface SourceTree {
  readonly code: readonly CodeFile[];
  /** Markdown pages by path. */
  readonly pages: ReadonlyMap<string, string>;
  exists(path: string): boolean;
}

export interface Violation {
  readonly rule: string;
  readonly path: string;
  /** From 1; 0 where the whole file or folder is meant. */
  readonly line: number;
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  check(tree: SourceTree): Violation[];
}

const CODE_FOLDERS = ['src', 'bin', 'test', 'bench', 'scripts'];
const PAGE_FOLDERS = ['docs', 'native-notes', ...CODE_FOLDERS];
const CODE_FILE = /\.([cm]?[jt]s|tsx)$/;
/** Material of others (test vectors) and results of runs: nobody writes it by hand. */
const FOREIGN = ['test/vectors', 'bench/results'];

/** A tree from texts by path; what is no code and no page only exists. */
export function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  const paths = Object.keys(files);
  return {
    code: paths.filter(path => CODE_FILE.test(path)).map(path => codeFile(path, files[path]!)),
    pages: new Map(paths.filter(path => path.endsWith('.md')).map(path => [path, files[path]!])),
    exists: wanted => paths.some(path => path === wanted || path.startsWith(`${wanted}/`)),
  };
}

export function readTree(root: string): SourceTree {
  const inFolders = (folders: readonly string[]) => folders.flatMap(folder => walk(root, folder));
  const code = inFolders(CODE_FOLDERS).filter(path => CODE_FILE.test(path));
  const topPages = readdirSync(root).filter(name => name.endsWith('.md'));
  const pages = inFolders(PAGE_FOLDERS).filter(path => path.endsWith('.md'));
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  return {
    code: code.map(path => codeFile(path, read(path))),
    pages: new Map([...topPages, ...pages].map(path => [path, read(path)])),
    exists: path => existsSync(join(root, path)),
  };
}

function codeFile(path: string, text: string): CodeFile {
  return { path, lines: text.replace(/\n$/, '').split('\n'), ...parseModule(path, text) };
}

function walk(root: string, folder: string): string[] {
  if (FOREIGN.includes(folder) || !existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(root, path);
    return entry.isFile() ? [path] : [];
  });
}
