/** A JWT in its compact form (RFC 7519 section 3, RFC 7515 section 7.1), taken apart unchecked. */
import { parseUntrustedObject } from './untrusted-json.ts';

export type JsonMembers = Readonly<Record<string, unknown>>;

export interface CompactJwt {
  readonly header: JsonMembers;
  readonly claims: JsonMembers;
  /** What the signature is over: header and claims as they were sent. */
  readonly signed: string;
  readonly signature: Uint8Array;
}

export const JWT_MAX_CHARS = 8_192;
const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** Undefined where it is none: three parts in base64url without padding, the first two objects. */
export function readCompactJwt(text: string): CompactJwt | undefined {
  if (text.length > JWT_MAX_CHARS) return undefined;
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const header = readMembers(parts[1]!);
  const claims = readMembers(parts[2]!);
  const signature = decodePart(parts[3]!);
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  return { header, claims, signed: text.slice(0, text.lastIndexOf('.')), signature };
}

function readMembers(part: string): JsonMembers | undefined {
  const bytes = decodePart(part);
  return bytes === undefined ? undefined : parseUntrustedObject(bytes);
}

/** Two texts for the same bytes would be one token under two names. */
function decodePart(part: string): Uint8Array | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}
