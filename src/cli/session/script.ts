/** The scripted side of `xingyun ws`: commands in their order, then events. */
import { createInterface } from 'node:readline';
import { CommandFailure, UsageError } from '../failures.ts';
import { parseCommand, type SessionCommand } from './parse-command.ts';
import type { SessionRunner } from './session-runner.ts';

export interface ScriptLine {
  readonly text: string;
  readonly command: SessionCommand;
}

export interface ScriptOptions {
  /** Standard input where undefined. */
  readonly lines: readonly ScriptLine[] | undefined;
  /** Events after which it ends. */
  readonly count: number | undefined;
  /** Milliseconds that it waits for events when the commands are done. */
  readonly timeoutMs: number | undefined;
}

/**
 * Undefined where there is no command in it.
 * @param where it stands, for the message
 */
export function parseLine(text: string, where: string): ScriptLine | undefined {
  try {
    const command = parseCommand(text);
    return command && { text: text.trim(), command };
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Ends early with `quit`, the stop, or when the events have come that it is to wait for.
 * @throws UsageError where a line of standard input is no command
 * @throws CommandFailure where fewer events came than were to come
 */
export async function runScript(
  runner: SessionRunner,
  options: ScriptOptions,
  stop: AbortSignal,
): Promise<void> {
  const { count } = options;
  const complete = new AbortController();
  const over = AbortSignal.any([stop, complete.signal]);
  runner.expectEvents(count, () => complete.abort());
  for await (const { command, text } of options.lines ?? readLines(over)) {
    if (command.kind === 'quit') return;
    await runner.run(command, text);
    if (over.aborted) break;
  }
  await waitForEvents(runner, options.timeoutMs, over);
  if (count !== undefined && runner.eventCount < count) {
    throw new CommandFailure(`${runner.eventCount} of ${count} events came.`);
  }
}

async function* readLines(over: AbortSignal): AsyncGenerator<ScriptLine> {
  const reader = createInterface({ input: process.stdin });
  const close = () => reader.close();
  over.addEventListener('abort', close);
  let number = 0;
  try {
    for await (const text of reader) {
      number++;
      const line = parseLine(text, `line ${number}`);
      if (line !== undefined) yield line;
    }
  } finally {
    over.removeEventListener('abort', close);
    reader.close();
  }
}

async function waitForEvents(
  runner: SessionRunner,
  timeoutMs: number | undefined,
  over: AbortSignal,
): Promise<void> {
  if (!runner.hasSubscriptions || over.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  over.addEventListener('abort', () => resolve());
  const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
  await Promise.race([promise, runner.untilEnded()]);
  clearTimeout(timer);
}
