/** Measures one case in this process and prints the result as one line of JSON. */
import type { BenchCase } from './bench-case.ts';
import { measureRound } from './measure-round.ts';

const [file, durationMs] = process.argv.slice(2);
if (file === undefined || durationMs === undefined) throw new Error('file and milliseconds needed');
const { default: benchCase }: { default: BenchCase } = await import(file);
console.log(JSON.stringify(await measureRound(benchCase, Number(durationMs))));
