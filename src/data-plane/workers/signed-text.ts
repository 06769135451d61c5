import type { BodyForm } from '../../core/check.ts';

const LINE_FEED = 0x0a;

/** Bytes that stand behind the body. */
export function tailBytes(form: BodyForm): number {
  return form === 'raw-line' ? 1 : 0;
}

/** Writes what stands behind the body; returns the offset after it. */
export function writeTail(form: BodyForm, bytes: Uint8Array, offset: number): number {
  if (form !== 'raw-line') return offset;
  bytes[offset] = LINE_FEED;
  return offset + 1;
}

/**
 * The whole text that was signed. `bytes` holds the base at `start` and, right behind it, the body
 * and its tail.
 */
export function signedText(
  bytes: Uint8Array,
  start: number,
  baseLength: number,
  bodyLength: number,
  form: BodyForm,
): Uint8Array {
  const bodyStart = start + baseLength;
  const bodyEnd = bodyStart + bodyLength;
  switch (form) {
    case 'none':
      return bytes.subarray(start, bodyStart);
    case 'raw':
    case 'raw-line':
      return bytes.subarray(start, bodyEnd + tailBytes(form));
    case 'base64url': {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + bodyStart, bodyLength);
      const base = Buffer.from(bytes.buffer, bytes.byteOffset + start, baseLength);
      return Buffer.from(base.toString('latin1') + text.toString('base64url'), 'latin1');
    }
  }
}

/** The same where base and body lie apart. */
export function composeSignedText(base: string, form: BodyForm, body: Uint8Array): Uint8Array {
  if (form === 'none') return Buffer.from(base, 'latin1');
  const bytes = Buffer.allocUnsafe(base.length + body.length + tailBytes(form));
  bytes.write(base, 0, 'latin1');
  bytes.set(body, base.length);
  writeTail(form, bytes, base.length + body.length);
  return signedText(bytes, 0, base.length, body.length, form);
}
