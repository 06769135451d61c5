import type { Rule, SourceTree, Violation } from '../source-tree.ts';
import { roomOf } from './areas.ts';

const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/;

export const finishedWork: Rule = {
  name: 'finished-work',
  check: ({ code }) =>
    code.flatMap(({ path, comments }) =>
      comments
        .filter(({ text }) => UNFINISHED.test(text))
        .map(({ line, text }) => ({
          rule: finishedWork.name,
          path,
          line,
          message: `${UNFINISHED.exec(text)![0]}: finish it or take it out`,
        })),
    ),
};

const OPENING = [/^\/\/ Receives\b/, /^\/\/ Adds\b/, /^\/\/ May refuse\b/];

/** The first three lines of a room's index tell what the room does to an exchange. */
export const roomOpening: Rule = {
  name: 'room-opening',
  check: tree => roomsOf(tree).flatMap(room => wrongOpening(tree, `${room}index.ts`)),
};

function roomsOf({ code }: SourceTree): string[] {
  return [...new Set(code.flatMap(({ path }) => roomOf(path) ?? []))];
}

function wrongOpening({ code }: SourceTree, path: string): Violation[] {
  const found = (line: number, message: string) => [
    { rule: roomOpening.name, path, line, message },
  ];
  const index = code.find(file => file.path === path);
  if (index === undefined) return found(0, 'the room has no index.ts');
  const wrong = OPENING.findIndex((pattern, line) => !pattern.test(index.lines[line] ?? ''));
  if (wrong < 0) return [];
  return found(wrong + 1, 'opens with "// Receives ...", "// Adds ...", "// May refuse ..."');
}

const RUNNERS = /^(it|test|describe|suite|bench)\b/;

/** No test is singled out; a skipped one says what is missing, in its call or a comment above. */
export const honestTests: Rule = {
  name: 'honest-tests',
  check: ({ code }) =>
    code
      .filter(({ path }) => path.startsWith('test/') || path.startsWith('bench/'))
      .flatMap(({ path, memberCalls, comments }) =>
        memberCalls.flatMap(({ object, member, line, hasText }): Violation[] => {
          const ofRunner = RUNNERS.test(object);
          const explained = comments.some(({ endLine }) => endLine === line - 1);
          const wrong =
            (ofRunner && ['only', 'skip', 'todo', 'fails'].includes(member)) ||
            (ofRunner && ['skipIf', 'runIf'].includes(member) && !explained) ||
            (!ofRunner && member === 'skip' && !hasText);
          if (!wrong) return [];
          return [{ rule: honestTests.name, path, line, message: `.${member}( without a reason` }];
        }),
      ),
};
