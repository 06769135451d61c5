import { createHash } from 'node:crypto';

const ID_MAX_CHARACTERS = 128;
const DIGEST_CHARACTERS = 8;
const TWINS_MAX = 1_000;

/** `get-accounts-account-id-balances`: the same again for the same method and path. */
export function operationIdFrom(
  method: string,
  path: string,
  isTaken: (id: string) => boolean,
): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, '$1-$2').match(/[A-Za-z0-9]+/g) ?? [];
  const id = shorten([method, ...words].join('-').toLowerCase());
  for (let twin = 1; twin <= TWINS_MAX; twin++) {
    const candidate = twin === 1 ? id : `${id}-${twin}`;
    if (!isTaken(candidate)) return candidate;
  }
  return digest(`${method} ${path}`);
}

function shorten(id: string): string {
  // Room is kept for the number of a twin.
  const lengthMax = ID_MAX_CHARACTERS - 5;
  if (id.length <= lengthMax) return id;
  return `${id.slice(0, lengthMax - DIGEST_CHARACTERS - 1)}-${digest(id)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);
}
