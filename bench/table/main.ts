/**
 * Writes the README's table, in both languages, and that of docs/benchmarks.md from the newest runs
 * in bench/results.
 *
 *     npm run bench:table -- [--check]
 *
 * With `--check` nothing is written; the exit status is 1 where the table and the results disagree.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { tablePages } from './readme-table.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
for (const { name, file, now, wanted } of tablePages()) {
  if (now === wanted) {
    console.log(`${name}: agrees with bench/results`);
  } else if (values.check) {
    console.error(`${name}: disagrees with bench/results; npm run bench:table writes it`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, wanted);
    console.log(`${name}: written`);
  }
}
