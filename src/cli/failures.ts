/**
 * How a command ends: 0, 1 where the thing failed, 2 where the command was used wrongly; and 2 for
 * both where 1 is an answer, as with `diff` of POSIX.
 */
import { CommanderError } from 'commander';

/** The thing failed: the message is one clear sentence for a person. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** The command was used wrongly in a way that only the command itself can see. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** In place of {@link EXIT_FAILED} where that is an answer. */
export const EXIT_TROUBLE = 2;

/** The exit status for whatever a command threw, said on standard error where nobody did so yet. */
export function reportFailure(error: unknown): number {
  // Help and the version end through an error too, with status 0 where they were asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`xingyun: ${message}\n`);
  if (error instanceof UsageError) return EXIT_USAGE;
  if (!(error instanceof CommandFailure) && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  return EXIT_FAILED;
}

/** Runs what may throw, and turns that into one sentence that begins with what was tried. */
export function orFail<T>(tried: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(`${tried}: ${reason}`, { cause });
  }
}
