import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { parseModule } from './parsed-module.ts';
import { finishedWork, honestTests, roomOpening } from './rules/comment-rules.ts';
import { importCycles, importDirections, libraryDoors } from './rules/import-rules.ts';
import { RULES } from './rules/index.ts';
import { kebabCase, tellingNames } from './rules/naming-rules.ts';
import { pageLinks, twinPages } from './rules/page-rules.ts';
import { fileLength, functionLength, lineLength } from './rules/size-rules.ts';
import { type Rule, treeOf } from './source-tree.ts';

/** `path:line` of everything that a rule finds in the given files. */
const findings = (rule: Rule, files: Readonly<Record<string, string>>) =>
  rule.check(treeOf(files)).map(({ path, line }) => `${path}:${line}`);

const lines = (count: number, text = '1;') => `${text}\n`.repeat(count);

describe('size rules', () => {
  it('allow 100 columns, counted in characters', () => {
    const text = [`// ${'x'.repeat(97)}`, `// ${'x'.repeat(98)}`, `// ${'😀'.repeat(97)}`];
    expect(findings(lineLength, { 'src/a.ts': text.join('\n') })).toEqual(['src/a.ts:2']);
  });

  it('allow functions of 70 lines, whatever kind of function', () => {
    const ofLines = (count: number) => [
      `function named() {\n${lines(count - 2)}}`,
      `const arrow = () => {\n${lines(count - 2)}};`,
      `class C { method() {\n${lines(count - 2)}} }`,
      `on('event', () => {\n${lines(count - 2)}});`,
    ];
    expect(findings(functionLength, { 'src/a.ts': ofLines(70).join('\n') })).toEqual([]);
    expect(findings(functionLength, { 'src/a.ts': ofLines(71).join('\n') })).toEqual([
      'src/a.ts:1',
      'src/a.ts:72',
      'src/a.ts:143',
      'src/a.ts:214',
    ]);
  });

  it('take suites for chapters, and still measure the tests in them', () => {
    const suite = (count: number) =>
      `describe.each([1])('x', () => {\n${lines(40)}it('y', () => {\n${lines(count)}});\n});`;
    const contract = (count: number) => `export function contract() {\n${suite(count)}\n}`;
    expect(findings(functionLength, { 'test/a.test.ts': contract(60) })).toEqual([]);
    expect(findings(functionLength, { 'test/a.test.ts': contract(69) })).toEqual([
      'test/a.test.ts:43',
    ]);
  });

  it('allow files of 400 lines', () => {
    expect(findings(fileLength, { 'src/a.ts': lines(400), 'src/b.ts': lines(401) })).toEqual([
      'src/b.ts:0',
    ]);
  });
});

describe('naming rules', () => {
  it('refuse words that name nothing, in files and folders', () => {
    const files = { 'src/utils/a.ts': '', 'src/key-manager.ts': '', 'test/common.test.ts': '' };
    expect(findings(tellingNames, files)).toEqual([
      'src/utils:0',
      'src/key-manager.ts:0',
      'test/common.test.ts:0',
    ]);
    expect(findings(tellingNames, { 'src/uncommon-miscellany.ts': '' })).toEqual([]);
  });

  it('ask for kebab-case in files and folders', () => {
    const files = { 'src/badName.ts': '', 'src/Bad/a.ts': '', 'src/a_b.ts': '', 'src/-a.ts': '' };
    const found = ['src/badName.ts:0', 'src/Bad:0', 'src/a_b.ts:0', 'src/-a.ts:0'];
    expect(findings(kebabCase, files)).toEqual(found);
    expect(findings(kebabCase, { 'test/rfc9421/a-b2.test.ts': '' })).toEqual([]);
  });
});

describe('import directions', () => {
  const from = (path: string, ...targets: string[]) => {
    const up = '../'.repeat(path.split('/').length - 1);
    const text = targets.map(target => `import '${up}${target}';`).join('\n');
    return findings(importDirections, { [path]: text });
  };

  it.each([
    ['src/core/a.ts', 'src/stores/contracts.ts'],
    ['src/core/a.ts', 'src/telemetry/a.ts'],
    ['src/data-plane/route/a.ts', 'src/data-plane/verify/index.ts'],
    ['src/data-plane/route/a.ts', 'src/data-plane/pipeline.ts'],
    ['src/data-plane/route/a.ts', 'src/stores/memory/nonce-store.ts'],
    ['src/data-plane/route/a.ts', 'src/telemetry/a.ts'],
    ['src/data-plane/route/a.ts', 'src/control-plane/admin/a.ts'],
    ['src/data-plane/route/a.ts', 'src/data-plane/route-table/a.ts'],
    ['src/data-plane/pipeline.ts', 'src/telemetry/a.ts'],
    ['src/data-plane/front-thread.ts', 'src/control-plane/admin/a.ts'],
    ['src/data-plane/front-messages.ts', 'src/data-plane/front/index.ts'],
    ['src/control-plane/registry/a.ts', 'src/data-plane/route/index.ts'],
    ['src/control-plane/registry/a.ts', 'src/stores/memory/nonce-store.ts'],
    ['src/telemetry/a.ts', 'src/stores/contracts.ts'],
    ['src/client/a.ts', 'src/telemetry/a.ts'],
    ['src/demo/bank/a.ts', 'src/data-plane/route/index.ts'],
    ['src/stores/memory/a.ts', 'src/stores/shared-memory/a.ts'],
    ['src/stores/contracts.ts', 'src/telemetry/a.ts'],
    ['src/runtime/a.ts', 'src/data-plane/verify/index.ts'],
    ['src/main.ts', 'test/support/a.ts'],
    ['src/main.ts', 'scripts/a.ts'],
    ['src/unheard-of/a.ts', 'src/core/a.ts'],
    ['bench/a.ts', 'test/a.ts'],
    ['scripts/a.ts', 'bench/a.ts'],
    ['bin/a.mjs', 'bench/a.ts'],
    ['scripts/a.ts', 'bin/a.mjs'],
  ])('forbid %s to import %s', (path, target) => {
    expect(from(path, target)).toEqual([`${path}:1`]);
  });

  it.each([
    ['src/data-plane/route/deep/a.ts', ['src/data-plane/route/b.ts', 'src/core/a.ts']],
    ['src/data-plane/verify/a.ts', ['src/stores/contracts.ts']],
    ['src/data-plane/pipeline.ts', ['src/data-plane/route/index.ts', 'src/core/a.ts']],
    ['src/data-plane/front-thread.ts', ['src/data-plane/pipeline.ts', 'src/stores/memory/a.ts']],
    ['src/stores/memory/a.ts', ['src/stores/contracts.ts', 'src/stores/memory/b.ts']],
    ['src/main.ts', ['src/data-plane/route/index.ts', 'package.json']],
    ['src/cli/commands/start.ts', ['src/main.ts', 'src/control-plane/admin/a.ts']],
    ['test/a.test.ts', ['src/core/a.ts', 'bench/a.ts', 'test/support/a.ts']],
  ])('allow %s to import %j', (path, targets) => {
    expect(from(path, ...targets)).toEqual([]);
  });

  it('see every way to import', () => {
    const ways = [
      "import type { A } from '../telemetry/a.ts';",
      "export { b } from '../telemetry/a.ts';",
      "export * from '../telemetry/a.ts';",
      "const c = await import('../telemetry/a.ts');",
      "type D = import('../telemetry/a.ts').D;",
      "// import '../telemetry/a.ts';",
      'const text = "import \'../telemetry/a.ts\'";',
    ];
    const found = findings(importDirections, { 'src/core/a.ts': ways.join('\n') });
    expect(found).toEqual([1, 2, 3, 4, 5].map(line => `src/core/a.ts:${line}`));
  });
});

describe('import cycles', () => {
  it('are found, through types and by the shortest way', () => {
    const [cycle, ...others] = importCycles.check(
      treeOf({
        'src/d.ts': "import './a.ts';",
        'src/a.ts': "import './b.ts'; import './e.ts';",
        'src/b.ts': "import type { C } from './c.ts';",
        'src/c.ts': "export * from './a.ts';",
        'src/e.ts': "import './f.ts';",
        'src/f.ts': '',
      }),
    );
    expect(others).toEqual([]);
    expect(cycle?.message).toContain('src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts');
  });

  it('may have one member, and several may exist', () => {
    const files = {
      'src/a.ts': "import './a.ts';",
      'src/b.ts': "import './c.ts';",
      'src/c.ts': "import './b.ts';",
    };
    expect(findings(importCycles, files)).toEqual(['src/a.ts:0', 'src/b.ts:0']);
  });

  it('are not seen where several files import the same one', () => {
    const files = {
      'src/a.ts': "import './b.ts'; import './c.ts';",
      'src/b.ts': "import './c.ts';",
      'src/c.ts': '',
    };
    expect(findings(importCycles, files)).toEqual([]);
  });
});

describe('library doors', () => {
  const imports = (path: string, specifier: string, kind = '') =>
    findings(libraryDoors, { [path]: `import ${kind} { a } from '${specifier}';` });

  it.each([
    ['src/data-plane/route/a.ts', 'uWebSockets.js'],
    ['src/data-plane/respond/a.ts', 'uWebSockets.js'],
    ['src/main.ts', 'piscina'],
    ['src/data-plane/front/a.ts', 'node:net'],
    ['src/data-plane/verify/a.ts', 'node:tls'],
    ['src/control-plane/a.ts', 'msgpackr'],
    ['src/control-plane/a.ts', 'msgpackr/unpack'],
  ])('keep %s from %s', (path, specifier) => {
    expect(imports(path, specifier)).toEqual([`${path}:1`]);
  });

  it.each([
    ['src/data-plane/front/uws.ts', 'uWebSockets.js'],
    ['src/data-plane/workers/pool.ts', 'piscina'],
    ['src/data-plane/upstream/socket.ts', 'node:tls'],
    ['src/demo/bank/server.ts', 'node:net'],
    ['src/data-plane/transform/body-codec.ts', 'msgpackr'],
    ['test/data-plane/front/a.test.ts', 'uWebSockets.js'],
  ])('let %s have %s', (path, specifier) => {
    expect(imports(path, specifier)).toEqual([]);
  });

  it('let types of uWebSockets.js into respond', () => {
    expect(imports('src/data-plane/respond/a.ts', 'uWebSockets.js', 'type')).toEqual([]);
    const each = { 'src/data-plane/respond/a.ts': "import { type A } from 'uWebSockets.js';" };
    expect(findings(libraryDoors, each)).toEqual([]);
    const mixed = { 'src/data-plane/respond/a.ts': "import { type A, b } from 'uWebSockets.js';" };
    expect(findings(libraryDoors, mixed)).toHaveLength(1);
  });

  it('let one file have jose', () => {
    const text = "import { jwtVerify } from 'jose';";
    const files = { 'src/b.ts': text, 'src/a.ts': text };
    expect(findings(libraryDoors, files)).toEqual(['src/b.ts:0']);
  });
});

describe('room openings', () => {
  const opening = '// Receives a.\n// Adds: b.\n// May refuse with c.\n';

  it('are three comment lines in their order', () => {
    const room = (text: string) => findings(roomOpening, { 'src/data-plane/route/index.ts': text });
    expect(room(opening)).toEqual([]);
    expect(room(`\n${opening}`)).toEqual(['src/data-plane/route/index.ts:1']);
    expect(room('// Receives a.\n// May refuse b.\n// Adds c.')).toEqual([
      'src/data-plane/route/index.ts:2',
    ]);
    expect(room('// Receives a.\n// Adds b.')).toEqual(['src/data-plane/route/index.ts:3']);
  });

  it('need an index', () => {
    expect(findings(roomOpening, { 'src/data-plane/route/deep/a.ts': opening })).toEqual([
      'src/data-plane/route/index.ts:0',
    ]);
    expect(findings(roomOpening, { 'src/data-plane/pipeline.ts': '' })).toEqual([]);
  });
});

describe('finished work', () => {
  it('has no notes to itself in comments', () => {
    const text = '// TODO: x\nconst a = 1; /* later\n FIXME */\n// todos\nconst b = "TODO";';
    expect(findings(finishedWork, { 'src/a.ts': text })).toEqual(['src/a.ts:1', 'src/a.ts:2']);
  });
});

describe('honest tests', () => {
  const test = (...texts: string[]) =>
    findings(honestTests, { 'test/a.test.ts': texts.join('\n') });

  it.each([
    "it.only('x', f);",
    "describe.skip('x', f);",
    "test.todo('x');",
    "it.concurrent.only('x', f);",
    "it.skipIf(cond)('x', f);",
    "describe.runIf(cond)('x', f);",
    'context.skip();',
    'context.skip(cond);',
  ])('do not say %s', text => {
    expect(test(text)).toEqual(['test/a.test.ts:1']);
  });

  it('may name what is missing', () => {
    expect(test("context.skip(!linux, 'needs Linux');", 'context.skip(`needs Linux`);')).toEqual(
      [],
    );
    expect(test('// The boot id is a file of Linux.', "it.skipIf(cond)('x', f);")).toEqual([]);
    expect(test("it.each([1])('x', f);", 'rows.skip("header");')).toEqual([]);
  });
});

describe('page rules', () => {
  it('follow links to files and folders, from the page on', () => {
    const files = {
      'README.md': '[a](docs/a.md) [b](docs/) [c](docs/none.md "t") ![d](pic.png#x)\n\n[e]: ./gone',
      'docs/a.md': '[up](../README.md#top) [same](b.md) [out](../../x.md)',
    };
    expect(findings(pageLinks, files)).toEqual([
      'README.md:1',
      'README.md:1',
      'README.md:3',
      'docs/a.md:1',
      'docs/a.md:1',
    ]);
  });

  it('leave the web, anchors and code alone', () => {
    const text = '[a](https://x.example/y) [b](#top) [c](mailto:a@b.example) `[d](gone.md)`\n';
    const fenced = '```ts\nconst x = rows[i](gone);\n```\n';
    expect(findings(pageLinks, { 'README.md': text + fenced })).toEqual([]);
  });

  it('hold the two READMEs together', () => {
    const page = '# A\n\n## B\n\n```sh\nnpm start # C\n```\n';
    const twins = (other: string) =>
      findings(twinPages, { 'README.md': page, 'README.zh-CN.md': other });
    const wrong = ['README.zh-CN.md:0'];
    expect(twins('# 一\n\n## 二\n\n```sh\nnpm start # C\n```\n')).toEqual([]);
    expect(twins('# 一\n\n```sh\nnpm start # C\n```\n')).toEqual(wrong);
    expect(twins('# 一\n\n### 二\n\n```sh\nnpm start # C\n```\n')).toEqual(wrong);
    expect(twins('# 一\n\n## 二\n\n```sh\nnpm test # C\n```\n')).toEqual(wrong);
    expect(twins('# 一\n\n## 二\n')).toEqual(wrong);
    expect(twins(`${page}\n\`\`\`\nmore\n\`\`\`\n`)).toEqual(wrong);
    expect(findings(twinPages, { 'README.md': page })).toEqual(wrong);
  });
});

describe('the judge', () => {
  const tree = treeOf({ 'src/a.ts': lines(401), 'src/b.ts': lines(401) });
  const excuse = (path: string, rule: string) => ({ path, rule, why: 'generated' });

  it('accepts an exception for one file and one rule', () => {
    const complaints = judge(tree, [fileLength], [excuse('src/a.ts', 'file-length')]);
    expect(complaints).toEqual(['src/b.ts:0 file-length: 401 lines, at most 400']);
  });

  it('asks to take out an exception that is not needed', () => {
    const exceptions = ['src/a.ts', 'src/b.ts', 'src/c.ts'].map(p => excuse(p, 'file-length'));
    expect(judge(tree, [fileLength], exceptions)).toHaveLength(1);
    expect(judge(tree, [lineLength], [excuse('src/a.ts', 'line-length')])).toHaveLength(1);
  });

  it('has rules of different names', () => {
    expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  });
});

describe('the parser', () => {
  it('refuses what is no TypeScript, so that no file escapes the rules', () => {
    expect(() => parseModule('a.ts', 'const = 1;')).toThrow(/^a\.ts: /);
  });
});
