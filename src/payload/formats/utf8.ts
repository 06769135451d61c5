import { PayloadFault } from '../payload-fault.ts';

/** A byte order mark stays, as the first character. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws PayloadFault for more than `bytesMax` bytes and for any that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, bytesMax: number): string {
  assertSize(bytes, bytesMax);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new PayloadFault('', 'must be UTF-8');
  }
}

export function assertSize(bytes: Uint8Array, bytesMax: number): void {
  if (bytes.length > bytesMax) throw new PayloadFault('', `must be ${bytesMax} bytes at most`);
}
