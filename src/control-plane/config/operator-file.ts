/** Reads what the operator wrote; what cannot be read becomes a sentence, not an errno. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** PEM files, tokens and secrets. */
export const SMALL_FILE_MAX_BYTES = 1_048_576;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'is not readable for this user',
  EPERM: 'is not readable for this user',
  EISDIR: 'is a directory',
};

/** The reason is a verb phrase to put behind the file's name. */
export type FileOutcome =
  | { readonly bytes: Buffer; readonly reason?: undefined }
  | { readonly bytes?: undefined; readonly reason: string };

/** The whole file, or why it cannot be had. Devices and pipes are refused: they may never end. */
export function readOperatorFile(file: string, maxBytes: number): FileOutcome {
  return withOpenFile(file, (descriptor, size) =>
    size > maxBytes
      ? { reason: `is larger than ${maxBytes} bytes` }
      : { bytes: readFileSync(descriptor) },
  );
}

/** Why a file cannot be read, without reading it; undefined where it can. */
export function refuseUnreadable(file: string): string | undefined {
  return withOpenFile(file, () => ({ reason: undefined })).reason;
}

function withOpenFile<T>(
  file: string,
  use: (descriptor: number, sizeBytes: number) => T,
): T | { readonly bytes?: undefined; readonly reason: string } {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe waits for somebody who writes.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(descriptor);
    if (status.isDirectory()) return { reason: 'is a directory' };
    if (!status.isFile()) return { reason: 'is not a regular file' };
    return use(descriptor, status.size);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { reason: REASONS[code] ?? `cannot be read (${code})` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
