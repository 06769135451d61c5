/** What stands for a key and for a call in the store: nothing of either can be read there. */
import { createHash, hash } from 'node:crypto';
import type { Exchange } from '../../core/exchange.ts';

/** The keys of one app are apart from those of any other; ids have no NUL. */
export function digestOfKey(appId: string, key: string): Uint8Array {
  return hash('sha256', `${appId}\0${key}`, 'buffer');
}

/** A repeat is the same call where method, target, media type and every byte of the body agree. */
export function digestOfCall(exchange: Exchange): Uint8Array {
  const { method, path, query } = exchange.arrival;
  const mediaType = exchange.header('content-type') ?? '';
  return createHash('sha256')
    .update(`${method}\0${path}\0${query}\0${mediaType}\0`)
    .update(exchange.body)
    .digest();
}
