/** The interactive side of `xingyun ws`: a line at a time, with events in between. */
import { clearLine, cursorTo } from 'node:readline';
import { createInterface } from 'node:readline/promises';
import { parseCommand, type SessionCommand } from './parse-command.ts';
import type { SessionOutput } from './session-output.ts';
import type { SessionRunner } from './session-runner.ts';

/** Resolves with `quit`, the end of the input, Ctrl-C, or the stop. */
export async function runPrompt(
  runner: SessionRunner,
  output: SessionOutput,
  stop: AbortController,
): Promise<void> {
  const { stdin: input, stdout } = process;
  const lines = createInterface({ input, output: stdout, prompt: 'xingyun> ' });
  // In raw mode Ctrl-C is a character and no signal.
  lines.on('SIGINT', () => stop.abort());
  stop.signal.addEventListener('abort', () => lines.close(), { once: true });
  output.around = {
    before: () => {
      clearLine(stdout, 0);
      cursorTo(stdout, 0);
    },
    after: () => lines.prompt(true),
  };
  lines.prompt();
  for await (const line of lines) {
    const command = understand(line, output);
    if (command?.kind === 'quit') break;
    if (command !== undefined) await runner.run(command, line.trim());
    // Closed meanwhile: there is nothing to ask for.
    if (stop.signal.aborted) break;
    lines.prompt();
  }
  output.around = undefined;
  lines.close();
}

/** A person who mistypes tries again. */
function understand(line: string, output: SessionOutput): SessionCommand | undefined {
  try {
    return parseCommand(line);
  } catch (error) {
    output.say(`${(error as Error).message}\n`);
    return undefined;
  }
}
