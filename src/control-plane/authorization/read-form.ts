import type { AuthorizationRequest } from '../../core/authorization.ts';
import { OAuthError } from './answers.ts';

export type Form = ReadonlyMap<string, string>;

const PARAMETERS_MAX = 32;
const MEDIA_TYPE = /^application\/x-www-form-urlencoded(?:[ \t]*;.*)?$/i;
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The parameters of a request; one without a value counts as absent (RFC 6749 section 3.2). */
export function readForm(request: AuthorizationRequest): Form | OAuthError {
  if (request.method !== 'POST') {
    return new OAuthError('invalid_request', 'The method is POST.', 405, ['allow', 'POST']);
  }
  if (!MEDIA_TYPE.test(fieldOf(request, 'content-type') ?? '')) {
    return invalid('The body is application/x-www-form-urlencoded.');
  }
  if (fieldOf(request, 'content-encoding') !== undefined) return invalid('The body is not coded.');
  let text: string;
  try {
    text = STRICT_UTF8.decode(request.body);
  } catch {
    // Not hidden: it is refused.
    return invalid('The body is not UTF-8.');
  }
  const form = new Map<string, string>();
  let count = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1;
    if (count > PARAMETERS_MAX) return invalid('There are too many parameters.');
    if (form.has(name)) return invalid('A parameter is there more than once.');
    form.set(name, value);
  }
  for (const [name, value] of form) if (value === '') form.delete(name);
  return form;
}

/** The first value of a field. */
export function fieldOf({ headers }: AuthorizationRequest, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_request', description);
}
