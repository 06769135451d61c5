/** About the bytes that the upstream sent, and wrong about those that take their place. */
const ABOUT_BYTES = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-md5',
  'content-type',
  'digest',
  'repr-digest',
  'signature',
  'signature-input',
  'x-jws-signature',
]);

/** The fields of a converted answer. */
export function answerFields(
  headers: readonly string[],
  contentType: string,
  coding: string | undefined,
): string[] {
  const fields = ['content-type', contentType, 'vary', 'accept, accept-encoding'];
  if (coding !== undefined) fields.push('content-encoding', coding);
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (ABOUT_BYTES.has(name)) continue;
    fields.push(name, name === 'etag' ? weak(headers[i + 1]!) : headers[i + 1]!);
  }
  return fields;
}

export function withWeakTag(headers: readonly string[]): string[] {
  return headers.map((value, i) =>
    headers[i - 1] === 'etag' && i % 2 === 1 ? weak(value) : value,
  );
}

/** RFC 9110 section 8.8.1: a strong validator is of the bytes. */
function weak(tag: string): string {
  return tag.startsWith('W/') ? tag : `W/${tag}`;
}
