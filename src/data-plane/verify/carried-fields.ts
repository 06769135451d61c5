/** Which fields that can say who calls a request carries, found in one walk over its headers. */
export interface CarriedFields {
  readonly hasSignatureInput: boolean;
  readonly hasSignature: boolean;
  readonly hasJws: boolean;
  /** The first Authorization. */
  readonly authorization: string | undefined;
  /** How many there are. */
  readonly authorizations: number;
}

/** `headers` is flat name, value pairs; names in lower case. */
export function carriedFields(headers: readonly string[]): CarriedFields {
  let hasSignatureInput = false;
  let hasSignature = false;
  let hasJws = false;
  let authorization: string | undefined;
  let authorizations = 0;
  for (let i = 0; i < headers.length; i += 2) {
    switch (headers[i]) {
      case 'signature-input':
        hasSignatureInput = true;
        break;
      case 'signature':
        hasSignature = true;
        break;
      case 'x-jws-signature':
        hasJws = true;
        break;
      case 'authorization':
        authorization ??= headers[i + 1]!;
        authorizations += 1;
        break;
    }
  }
  return { hasSignatureInput, hasSignature, hasJws, authorization, authorizations };
}
