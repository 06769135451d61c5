/** Writing to the terminal or the pipe behind it. */
import { once } from 'node:events';

/** A reader that left early, as `| head` does, ends the command without a stack trace. */
export function tolerateBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }
}

/** Resolves when the stream takes more. */
export async function write(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

export function writeJson(value: unknown): Promise<void> {
  return write(`${JSON.stringify(value, undefined, 2)}\n`);
}

export function complain(text: string): void {
  process.stderr.write(text);
}
