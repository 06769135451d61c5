import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CaseRound } from './bench-case.ts';

/** A case that hangs is ended; setting up and warming up take a few times the duration. */
const CASE_TIMEOUT_MS = 60_000;
const CASES = new URL('cases/', import.meta.url);
const RUN_CASE = fileURLToPath(new URL('run-case.ts', import.meta.url));

/** The names of all cases, in alphabetical order. */
export function caseNames(): string[] {
  return readdirSync(CASES)
    .filter(file => extname(file) === '.ts')
    .map(file => file.slice(0, -'.ts'.length))
    .sort();
}

/**
 * Every case once a round, each time in a new process, so that none inherits another's heap,
 * compiled code or threads, and so that a minute in which the machine is busy falls on all of them
 * alike. Entry `i` of a case's list is its round `i`.
 * @throws Error where a case gives a wrong result, or another one than in the round before
 */
export async function runRounds(
  names: readonly string[],
  rounds: number,
  durationMs: number,
  onProgress: (text: string) => void,
): Promise<ReadonlyMap<string, readonly CaseRound[]>> {
  const found = new Map<string, CaseRound[]>(names.map(name => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      onProgress(`round ${round + 1} of ${rounds}: ${name}`);
      found.get(name)!.push(await runCase(name, durationMs));
    }
  }
  for (const [name, results] of found) requireOneHash(name, results);
  return found;
}

async function runCase(name: string, durationMs: number): Promise<CaseRound> {
  const file = new URL(`${name}.ts`, CASES);
  const args = [RUN_CASE, file.href, String(durationMs)];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: CASE_TIMEOUT_MS,
  });
  return JSON.parse(stdout);
}

/** The inputs are the same in every process, so the results have to be. */
export function requireOneHash(name: string, results: readonly CaseRound[]): void {
  const hashes = new Set(results.map(({ resultHash }) => resultHash));
  if (hashes.size > 1) throw new Error(`${name} gave different results: ${[...hashes].join(', ')}`);
}
