import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { Static } from 'typebox';
import type { LoadResult } from '../load/load-result.ts';
import { ResultSchema } from './result-schema.ts';

/** A file that holds no result; its message names the file and what is wrong with it. */
export class ResultFileError extends Error {
  override readonly name = 'ResultFileError';
}

// NaN is a figure here: it stands for what was not measured.
const isResult = new Ajv({ strictNumbers: false }).compile<Static<typeof ResultSchema>>(
  ResultSchema,
);

/**
 * A result as `bench:load --json` wrote it, or the last one of a `.jsonl` file. What JSON had to
 * write as null is not a number again.
 * @throws ResultFileError where the file cannot be read or is no such result
 */
export function readResult(file: string): LoadResult {
  const value = parseFile(file);
  if (isResult(value)) return value as LoadResult;
  const { instancePath = '', message = '' } = isResult.errors?.[0] ?? {};
  throw new ResultFileError(`${file}: ${instancePath || 'the result'} ${message}`);
}

function parseFile(file: string): unknown {
  try {
    const text = readFileSync(file, 'utf8');
    const json = file.endsWith('.jsonl') ? (text.trimEnd().split('\n').at(-1) ?? '') : text;
    return JSON.parse(json, (_, value) => value ?? Number.NaN);
  } catch (error) {
    throw new ResultFileError(`${file}: ${(error as Error).message}`);
  }
}
