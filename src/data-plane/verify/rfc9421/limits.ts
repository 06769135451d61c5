/** What this scheme reads of one request; beyond it the request is refused before any work. */

/** Characters of Signature-Input and of Signature, all lines of the field together. */
export const SIGNATURE_FIELD_MAX_CHARS = 8_192;
/** Labels in one Signature-Input; `labelsMax` says how many of them are candidates. */
export const LABELS_READ_MAX = 32;
/** Characters of Content-Digest; both digests take 150. */
export const CONTENT_DIGEST_MAX_CHARS = 1_024;
/** Bytes of a signature: RSA with a modulus of 16,384 bits, the largest that OpenSSL checks. */
export const SIGNATURE_MAX_BYTES = 2_048;
/**
 * Characters, which are bytes, of a signature base. A request of 16 KiB comes to less even where
 * each of its fields is covered as it is, strictly and as bytes.
 */
export const SIGNATURE_BASE_MAX_CHARS = 65_536;
/**
 * Compiled component lists that are kept, and the longest text that is worth keeping. Six
 * components take 1 KB; full with the longest lists of 64 components it is 13 MB (measured).
 */
export const COMPONENT_LISTS_MAX = 1_024;
export const COMPONENT_LIST_MAX_CHARS = 1_024;
