/** What benchmarks of one measurement do alike: show how far it is, fail, keep what came of it. */
import type { BenchCommand } from './bench-command.ts';
import { namesOneTree } from './commit.ts';
import { Progress } from './progress.ts';
import { appendResult } from './results.ts';

/** What a run is told beside its options. */
export interface RunSurroundings {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** Ends the command where the run fails or is interrupted. */
export async function measureOnce<Options, Result>(
  command: BenchCommand,
  options: Options,
  run: (options: Options, surroundings: RunSurroundings) => Promise<Result>,
): Promise<Result> {
  const progress = new Progress(process.stderr, 0);
  const signal = command.interrupt();
  try {
    return await run(options, { signal, progress: text => progress.show(text) });
  } catch (error) {
    progress.end();
    return command.failed(error);
  } finally {
    progress.end();
  }
}

/** Records a good result where that is wanted; a bad one is the exit status. */
export function recordResult<Result extends { readonly name: string; readonly commit: string }>(
  result: Result,
  { isGood, isWanted }: { readonly isGood: boolean; readonly isWanted: boolean },
): void {
  if (!isGood) process.exitCode = 1;
  else if (isWanted && namesOneTree(result.commit)) appendResult(result.name, result);
  else if (isWanted) console.log('Not recorded: a tree that is no commit.');
}
