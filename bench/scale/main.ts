/**
 * How cost grows with connections, operations, apps, bodies, fronts and workers: at each point a
 * short run of signed calls through a gateway of its own.
 *
 *     npm run bench:scale -- [--only rate,connections,operations,apps,body,fronts,workers]
 *                            [--rounds 3] [--quick] [--json FILE] [--report DIR] [--no-record]
 *
 * `--quick` is for tests: two points of each section, a few calls, never recorded.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { renderCurves } from '../report/render-curves.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { appendResult } from '../rig/results.ts';
import { runScale } from './run-scale.ts';
import { scaleCurves } from './scale-curves.ts';
import type { ScaleResult } from './scale-result.ts';
import { type ScaleSection, SECTIONS } from './sections.ts';

const FULL = { trainingMs: 3_000, trainingRate: 4_000, warmUpMs: 1_000, measuredMs: 4_000 };
const QUICK = { trainingMs: 100, trainingRate: 100, warmUpMs: 100, measuredMs: 300 };
const QUICK_RATE = 100;
const QUICK_CONNECTIONS = 20;
const QUICK_POINTS = 2;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    report: { type: 'string' },
    'no-record': { type: 'boolean', default: false },
  },
});
const names = values.only?.split(',') ?? SECTIONS.map(({ name }) => name);
const unknown = names.find(name => !SECTIONS.some(section => section.name === name));
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
if (unknown !== undefined || !Number.isInteger(rounds) || rounds < 1) {
  const known = SECTIONS.map(({ name }) => name).join(', ');
  console.error(`--only takes a list of ${known}; --rounds a number of at least 1`);
  process.exit(2);
}

const startedAt = new Date().toISOString();
const environment = readEnvironment();
const timing = values.quick ? QUICK : FULL;
const chosen = SECTIONS.filter(({ name }) => names.includes(name));
const sections = await runScale({
  sections: values.quick ? chosen.map(quickly) : chosen,
  rounds,
  timing,
  onProgress: text => process.stderr.write(`${text}\n`),
});
const result: ScaleResult = {
  name: 'scale',
  startedAt,
  rounds,
  timing,
  sections,
  environment,
  commit: checkoutCommit(),
};
const curves = scaleCurves(sections);
for (const { heading, sentence } of curves) console.log(`${heading}\n  ${sentence}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
if (values.report !== undefined) {
  mkdirSync(values.report, { recursive: true });
  const file = join(values.report, 'scale.html');
  writeFileSync(file, renderCurves('How cost grows', curves));
  console.log(file);
}
const complete = !values.quick && chosen.length === SECTIONS.length;
if (complete && !values['no-record']) appendResult('scale', result);

function quickly(section: ScaleSection): ScaleSection {
  return {
    ...section,
    values: section.values.slice(0, QUICK_POINTS),
    base: { ...section.base, rate: QUICK_RATE, connections: QUICK_CONNECTIONS },
  };
}
