/** Answers of the endpoints: documents, and the errors of RFC 6749 section 5.2. */
import { createHash } from 'node:crypto';
import type { AuthorizationAnswer } from '../../core/authorization.ts';

/** RFC 6749 section 5.2, RFC 9449 sections 5 and 8, RFC 7009 section 2.2.1. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_token_type'
  | 'invalid_scope'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error';

/** A refusal: a value that is returned, as a Problem is. */
export class OAuthError {
  readonly code: OAuthErrorCode;
  /** Never repeats what the client has sent: printable ASCII without quotes and backslashes. */
  readonly description: string;
  readonly status: number;
  readonly headers: readonly string[];

  constructor(
    code: OAuthErrorCode,
    description: string,
    status = code === 'invalid_client' ? 401 : 400,
    headers: readonly string[] = [],
  ) {
    this.code = code;
    this.description = description;
    this.status = status;
    this.headers = headers;
  }

  get answer(): AuthorizationAnswer {
    const { code, description, status, headers } = this;
    return {
      ...privateJson({ error: code, error_description: description }, status),
      headers: [...PRIVATE, ...headers],
    };
  }
}

/** RFC 6749 section 5.1. */
const PRIVATE = [
  ...['content-type', 'application/json'],
  ...['cache-control', 'no-store'],
  ...['pragma', 'no-cache'],
];
/** How long a partner may keep what is the same for everybody. */
const PUBLIC_MAX_AGE_SECONDS = 300;

export function privateJson(value: unknown, status = 200): AuthorizationAnswer {
  return { status, headers: PRIVATE, body: JSON.stringify(value) };
}

/** RFC 9110 section 13.1.2: 304 where the caller has it already. */
export function publicJson(
  value: unknown,
  ifNoneMatch: string | undefined,
  contentType = 'application/json',
): AuthorizationAnswer {
  const body = JSON.stringify(value);
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  const caching = ['cache-control', `public, max-age=${PUBLIC_MAX_AGE_SECONDS}`, 'etag', etag];
  const known = ifNoneMatch?.split(',').map(tag => tag.trim().replace(/^W\//, ''));
  if (known?.some(tag => tag === '*' || tag === etag)) {
    return { status: 304, headers: caching, body: '' };
  }
  return { status: 200, headers: ['content-type', contentType, ...caching], body };
}

const FAILED = 'The request could not be carried out; it was logged.';
export const SERVER_ERROR = new OAuthError('server_error', FAILED, 500).answer;
