/** What stands for a name that occurs more than once: such a parameter cannot be covered. */
const REPEATED = Symbol('repeated');

/**
 * The parameters of a query in the encoding in which they are signed (RFC 9421 section 2.2.8):
 * decoded as a form, then every byte percent-encoded but letters, digits and `*-._`. Built once
 * for a request whatever number of parameters is covered.
 */
export class QueryParameters {
  private readonly values = new Map<string, string | typeof REPEATED>();

  /** `query` with or without its leading question mark. */
  constructor(query: string) {
    for (const [name, value] of new URLSearchParams(query)) {
      const encoded = encode(name);
      this.values.set(encoded, this.values.has(encoded) ? REPEATED : value);
    }
  }

  /**
   * The encoded value of the parameter with this encoded name. Undefined where it is absent,
   * occurs more than once, or is not UTF-8: decoding has put U+FFFD in place of unknown bytes
   * then, and a signature over it would be good for other bytes too.
   */
  get(encodedName: string): string | undefined {
    const value = this.values.get(encodedName);
    if (typeof value !== 'string' || value.includes('\uFFFD')) return undefined;
    return encode(value);
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()~]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
