/** A signed call as a curl command that a person can paste into a shell. */
import type { CallSigner } from './call-signer.ts';

export interface CurlRequest {
  readonly method: string;
  /** The absolute URI exactly as it is to be sent. */
  readonly targetUri: string;
  /** Further headers, name and value. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | undefined;
  /** Covered by the signature where there is a body. */
  readonly contentType?: string | undefined;
  /** Covered by the signature. */
  readonly idempotencyKey?: string | undefined;
}

/** One word for a POSIX shell. */
function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bodyText(body: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    if (!text.includes('\0')) return text;
  } catch {
    // Falls through: bytes that are not UTF-8 have no place on a command line.
  }
  throw new TypeError('A curl command can carry only a body that is UTF-8 text without NUL.');
}

/**
 * Signs now: the command is good for one call within the gateway's time window.
 * @throws TypeError where the body is not text
 */
export function curlCommand(signer: CallSigner, request: CurlRequest): string {
  const { method, targetUri, body, idempotencyKey } = request;
  const hasBody = body !== undefined && body.byteLength > 0;
  const contentType = hasBody ? (request.contentType ?? 'application/octet-stream') : undefined;
  const words = ['curl', '-sS', '--path-as-is', '--globoff'];
  // curl waits for the answer's body of a HEAD sent with -X.
  if (method === 'HEAD') words.push('--head');
  else if (method !== 'GET' || hasBody) words.push('-X', quoteWord(method));
  const add = (name: string, value: string) => words.push('-H', quoteWord(`${name}: ${value}`));
  if (contentType !== undefined) add('content-type', contentType);
  if (idempotencyKey !== undefined) add('idempotency-key', idempotencyKey);
  const signed = signer.sign({ method, targetUri, body, contentType, idempotencyKey });
  for (const [name, value] of Object.entries(signed)) add(name, value);
  for (const [name, value] of request.headers ?? []) add(name, value);
  // --data-raw does not give a leading @ its special meaning.
  if (hasBody) words.push('--data-raw', quoteWord(bodyText(body)));
  words.push(quoteWord(targetUri));
  return words.join(' ');
}
