/** Writing to the terminal or the pipe behind it, and into files. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

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

/**
 * Writes a file that only its owner may read: whole, in place of what had the name, or not at all.
 * What is no file, as a pipe or a device, is written to as it is.
 */
export async function writePrivateFile(file: string, content: string | Readable): Promise<void> {
  const source = typeof content === 'string' ? Readable.from([content]) : content;
  const present = await stat(file).catch(() => undefined);
  if (present !== undefined && !present.isFile()) {
    await pipeline(source, createWriteStream(file));
    return;
  }
  // A link goes on pointing to it.
  const target = present === undefined ? file : await realpath(file);
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await pipeline(source, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

export function complain(text: string): void {
  process.stderr.write(text);
}
