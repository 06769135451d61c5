import { posix } from 'node:path';
import type { Rule, SourceTree, Violation } from '../source-tree.ts';

const FENCE = /^(```|~~~)[^\n]*\n([\s\S]*?)^\1/gm;
const INLINE_CODE = /`[^`\n]*`/g;
const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)/gm;
const OUTSIDE = /^([a-z][a-z0-9+.-]*:|#|\/)/i;

export const pageLinks: Rule = {
  name: 'page-links',
  check: tree =>
    [...tree.pages].flatMap(([path, text]) => brokenLinks(tree, path, withoutCode(text))),
};

/** The page with its code blanked out: line numbers stay, links inside code are none. */
function withoutCode(text: string): string {
  const blank = (code: string) => code.replace(/[^\n]/g, ' ');
  return text.replace(FENCE, blank).replace(INLINE_CODE, blank);
}

function brokenLinks(tree: SourceTree, path: string, text: string): Violation[] {
  return [...text.matchAll(LINK)].flatMap(match => {
    const link = match[1] ?? match[2]!;
    if (OUTSIDE.test(link)) return [];
    const target = posix.join(posix.dirname(path), decodeURI(link.replace(/[?#].*$/, '')));
    if (!target.startsWith('..') && tree.exists(target.replace(/\/$/, ''))) return [];
    const line = text.slice(0, match.index).split('\n').length;
    return [{ rule: pageLinks.name, path, line, message: `links to ${link}, which is not there` }];
  });
}

const TWINS = ['README.md', 'README.zh-CN.md'] as const;

/** The two languages say the same: as many headings of each level, and the same commands. */
export const twinPages: Rule = {
  name: 'twin-pages',
  check: ({ pages }) => {
    const found = (path: string, message: string): Violation[] => [
      { rule: twinPages.name, path, line: 0, message },
    ];
    const missing = TWINS.filter(path => !pages.has(path));
    if (missing.length > 0) return missing.flatMap(path => found(path, 'is missing'));
    const [first, second] = TWINS.map(path => outlineOf(pages.get(path)!)) as [Outline, Outline];
    const [, path] = TWINS;
    if (first.levels !== second.levels) {
      return found(path, `headings ${second.levels}, in ${TWINS[0]} ${first.levels}`);
    }
    const different = first.blocks.findIndex((block, index) => block !== second.blocks[index]);
    if (different < 0 && first.blocks.length === second.blocks.length) return [];
    return found(
      path,
      `code block ${(different < 0 ? first.blocks.length : different) + 1} differs`,
    );
  },
};

interface Outline {
  readonly levels: string;
  readonly blocks: readonly string[];
}

function outlineOf(text: string): Outline {
  const headings = withoutCode(text).match(/^#{1,6}(?=\s)/gm) ?? [];
  return {
    levels: headings.map(marks => marks.length).join(' '),
    blocks: [...text.matchAll(FENCE)].map(match => match[2]!),
  };
}
