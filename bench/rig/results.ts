/**
 * Results on file: `bench/results/<name>.jsonl`, one run a line, oldest first. Full runs append by
 * default and have `--no-record`; tests never append.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../results', import.meta.url));

/** Appends one run; returns the file's path. */
export function appendResult(name: string, result: object, folder = FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.jsonl`);
  appendFileSync(file, `${JSON.stringify(result)}\n`);
  return file;
}

/** All runs of that name; none where nothing was recorded yet. */
export function readResults<Result>(name: string, folder = FOLDER): Result[] {
  try {
    const text = readFileSync(join(folder, `${name}.jsonl`), 'utf8');
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
