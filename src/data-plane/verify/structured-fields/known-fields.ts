import type { FieldType } from './values.ts';

/**
 * Request fields whose definition makes them structured, with their type, from the "Structured
 * Type" column of the IANA HTTP field name registry. The `sf` parameter needs the type and works
 * on these alone (RFC 9421 section 2.1.1).
 */
export const STRUCTURED_FIELD_TYPES: ReadonlyMap<string, FieldType> = new Map([
  ['accept-signature', 'dictionary'],
  ['available-dictionary', 'item'],
  ['cache-status', 'list'],
  ['cdn-cache-control', 'dictionary'],
  ['client-cert', 'item'],
  ['client-cert-chain', 'list'],
  ['content-digest', 'dictionary'],
  ['dictionary-id', 'item'],
  ['incremental', 'item'],
  ['priority', 'dictionary'],
  ['proxy-status', 'list'],
  ['repr-digest', 'dictionary'],
  ['signature', 'dictionary'],
  ['signature-input', 'dictionary'],
  ['use-as-dictionary', 'dictionary'],
  ['want-content-digest', 'dictionary'],
  ['want-repr-digest', 'dictionary'],
]);
