/**
 * Renders stored results as one HTML file; two or more are compared in the same charts. Of a
 * `.jsonl` file, the last result.
 *
 *     npm run bench:report -- RESULT.json [RESULT2.json ...] [--out DIR]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ResultFileError, readResult } from './read-result.ts';
import { renderReport } from './render-report.ts';

const USAGE = 'usage: npm run bench:report -- RESULT.json [RESULT2.json ...] [--out DIR]';

process.exitCode = run(process.argv.slice(2));

/** 0; 1 where a file holds no result; 2 for arguments that mean nothing. */
function run(args: string[]): number {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { out: { type: 'string', default: '.' } },
    });
    if (positionals.length === 0) return complain(USAGE, 2);
    const page = renderReport(positionals.map(readResult));
    mkdirSync(values.out, { recursive: true });
    const file = join(values.out, 'report.html');
    writeFileSync(file, page);
    console.log(file);
    return 0;
  } catch (error) {
    if (error instanceof ResultFileError) return complain(error.message, 1);
    if (error instanceof TypeError && 'code' in error) return complain(USAGE, 2);
    throw error;
  }
}

function complain(text: string, status: number): number {
  console.error(text);
  return status;
}
