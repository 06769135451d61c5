/** JSON that somebody else wrote. */
import { hasBackslashName } from './backslash-names.ts';

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The value of a text; undefined, which is no value of JSON, where it is none. A text with a
 * backslash in a member name is taken for none: V8 would afterwards mistake names in the texts of
 * others for it (native-notes/README.md).
 */
export function parseUntrustedJson(text: string): unknown {
  if (hasBackslashName(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object whose text the bytes are, in UTF-8 without a byte order mark; or undefined. */
export function parseUntrustedObject(
  bytes: Uint8Array,
): Readonly<Record<string, unknown>> | undefined {
  let text: string;
  try {
    text = STRICT_UTF8.decode(bytes);
  } catch {
    return undefined;
  }
  const value = parseUntrustedJson(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}
