/** `file:` and a path: what an orchestrator mounts as a secret. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { KEY_TEXT_MAX_BYTES, KeyFault, type KeySource, type Secrecy } from './key-source.ts';

/** Reading by others, writing by anyone but the owner. A group may read: mounted secrets do so. */
const FORBIDDEN_MODE = 0o027;

export class FileSource implements KeySource {
  async read(path: string, secrecy: Secrecy): Promise<string> {
    const reference = `file:${path}`;
    const handle = await openKey(path, reference);
    try {
      await checkFile(handle, reference, secrecy);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  }
}

async function openKey(path: string, reference: string): Promise<FileHandle> {
  try {
    // A pipe would otherwise wait for who writes to it.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new KeyFault(reference, `cannot be opened (${code})`);
  }
}

/** By the open file, which cannot be exchanged for another in between. */
async function checkFile(handle: FileHandle, reference: string, secrecy: Secrecy): Promise<void> {
  const found = await handle.stat();
  if (!found.isFile()) throw new KeyFault(reference, 'is not a file');
  if (found.size === 0) throw new KeyFault(reference, 'is empty');
  if (found.size > KEY_TEXT_MAX_BYTES) {
    throw new KeyFault(reference, `has more than ${KEY_TEXT_MAX_BYTES} bytes`);
  }
  if (secrecy === 'private' && (found.mode & FORBIDDEN_MODE) !== 0) {
    throw new KeyFault(reference, 'is open to other users: its mode must be 0640 or stricter');
  }
}
