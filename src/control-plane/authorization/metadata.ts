import { INTROSPECT_PATH, JWKS_PATH, REVOKE_PATH, TOKEN_PATH } from '../../core/authorization.ts';

export interface MetadataTerms {
  readonly issuer: string;
  /** Whether client certificates are asked for on the listener. */
  readonly hasCertificates: boolean;
}

const ALGORITHMS = ['PS256', 'ES256', 'EdDSA'];

/** RFC 8414 section 2, RFC 8705 section 3.3, RFC 9449 section 5.1. */
export function metadataOf({ issuer, hasCertificates }: MetadataTerms) {
  const methods = ['private_key_jwt', ...(hasCertificates ? ['self_signed_tls_client_auth'] : [])];
  return {
    issuer,
    token_endpoint: issuer + TOKEN_PATH,
    jwks_uri: issuer + JWKS_PATH,
    revocation_endpoint: issuer + REVOKE_PATH,
    introspection_endpoint: issuer + INTROSPECT_PATH,
    grant_types_supported: ['client_credentials'],
    // Mandatory in RFC 8414: there is no authorization endpoint, so that there are none.
    response_types_supported: [],
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    introspection_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    dpop_signing_alg_values_supported: ALGORITHMS,
    tls_client_certificate_bound_access_tokens: hasCertificates,
  };
}
