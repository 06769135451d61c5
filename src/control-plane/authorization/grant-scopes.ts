import { OAuthError } from './answers.ts';

/** As those who check tokens take it (access-claims.ts). */
const SCOPE_MAX_CHARS = 2_048;

/**
 * What is asked for, where the subscriptions of the client grant it all; everything that they grant
 * where nothing is asked for (RFC 6749 section 3.3).
 */
export function grantScopes(
  asked: string | undefined,
  granted: ReadonlySet<string>,
): string | OAuthError {
  const wanted = asked === undefined ? granted : new Set(asked.split(' '));
  for (const scope of wanted) {
    if (!granted.has(scope)) return invalid('A scope is granted by no approved subscription.');
  }
  if (wanted.size === 0) return invalid('The client has no approved subscription with a scope.');
  const scope = [...wanted].join(' ');
  return scope.length > SCOPE_MAX_CHARS ? invalid('Ask for fewer scopes in one token.') : scope;
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_scope', description);
}
