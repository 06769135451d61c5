import type { CodeFile, Rule, SourceTree, Violation } from '../source-tree.ts';
import { AREAS, DOORS, type Door, ownFolder } from './areas.ts';

/**
 * Path beginnings that each part of the tree may depend on: src on nothing but itself, benchmarks
 * also on the gateway process that tests start, tests on everything.
 */
const REACH: Readonly<Record<string, readonly string[]>> = {
  src: ['src/'],
  bin: ['bin/', 'src/', 'scripts/'],
  scripts: ['scripts/', 'src/'],
  bench: ['bench/', 'src/', 'test/support/'],
  test: ['test/', 'src/', 'bin/', 'bench/', 'scripts/'],
};

export const importDirections: Rule = {
  name: 'import-directions',
  check: ({ code }) => code.flatMap(file => file.imports.flatMap(edge => strayImport(file, edge))),
};

function strayImport(file: CodeFile, edge: CodeFile['imports'][number]): Violation[] {
  const { path } = file;
  const { target, line } = edge;
  if (target === undefined) return [];
  const found = (message: string) => [{ rule: importDirections.name, path, line, message }];
  const [part] = path.split('/');
  // Files at the root (package.json) belong to no part.
  if (!target.includes('/')) return [];
  if (!REACH[part!]?.some(prefix => target.startsWith(prefix)))
    return found(`${part} imports ${target}`);
  if (part !== 'src') return [];
  const area = AREAS.find(candidate => candidate.matches(path));
  if (area === undefined) return found('belongs to no area of the table in areas.ts');
  const own = ownFolder(path);
  if (own !== undefined && target.startsWith(own)) return [];
  if (area.mayImport.some(prefix => target.startsWith(prefix))) return [];
  return found(`${area.name} imports ${target}`);
}

export const importCycles: Rule = {
  name: 'import-cycles',
  check: tree =>
    cyclesOf(tree).map(cycle => ({
      rule: importCycles.name,
      path: cycle[0]!,
      line: 0,
      message: `imports itself: ${[...cycle, cycle[0]].join(' -> ')}`,
    })),
};

/** One cycle, with types, for every file that can reach itself and is not in one found before. */
function cyclesOf({ code }: SourceTree): string[][] {
  const targets = new Map(
    code.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]),
  );
  const cycles: string[][] = [];
  const told = new Set<string>();
  for (const path of [...targets.keys()].sort()) {
    if (told.has(path)) continue;
    const cycle = wayBack(path, targets);
    if (cycle === undefined) continue;
    cycles.push(cycle);
    for (const member of cycle) told.add(member);
  }
  return cycles;
}

/** The shortest way from a file to itself: breadth first. */
function wayBack(from: string, targets: ReadonlyMap<string, readonly string[]>) {
  const cameFrom = new Map<string, string>();
  const queue = [from];
  for (const path of queue) {
    for (const target of targets.get(path) ?? []) {
      if (target === from) {
        const way = [path];
        while (way[0] !== from) way.unshift(cameFrom.get(way[0]!)!);
        return way;
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, path);
      queue.push(target);
    }
  }
  return undefined;
}

export const libraryDoors: Rule = {
  name: 'library-doors',
  check: tree => DOORS.flatMap(door => [...wrongDoors(tree, door), ...tooManyDoors(tree, door)]),
};

function uses({ code }: SourceTree, { specifier, within }: Door) {
  return code
    .filter(({ path }) => path.startsWith(within))
    .flatMap(({ path, imports }) => imports.map(edge => ({ path, edge })))
    .filter(
      ({ edge }) => edge.specifier === specifier || edge.specifier.startsWith(`${specifier}/`),
    );
}

function wrongDoors(tree: SourceTree, door: Door): Violation[] {
  return uses(tree, door)
    .filter(({ path, edge }) => {
      return !door.allows(path) && !(edge.typeOnly && door.allowsTypes?.(path));
    })
    .map(({ path, edge }) => ({
      rule: libraryDoors.name,
      path,
      line: edge.line,
      message: `${edge.specifier} has its door elsewhere`,
    }));
}

function tooManyDoors(tree: SourceTree, door: Door): Violation[] {
  const paths = [...new Set(uses(tree, door).map(({ path }) => path))].sort();
  return paths.slice(door.filesMax ?? paths.length).map(path => ({
    rule: libraryDoors.name,
    path,
    line: 0,
    message: `${door.specifier} is imported by ${paths[0]} already`,
  }));
}
