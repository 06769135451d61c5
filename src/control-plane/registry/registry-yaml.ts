/** The registry as the text of a registry file. */
import { stringify } from 'yaml';
import type { RegistryLists } from './desk-contract.ts';

/** Folding and blocks lose blanks and line ends: of what begins with them, or has many in a row. */
const AS_IT_IS = {
  lineWidth: 0,
  blockQuote: false,
  singleQuote: false,
  doubleQuotedAsJSON: true,
} as const;

/** Reads back as it is: whatever is no plain text of one line stands there as a string of JSON. */
export function registryYaml(lists: RegistryLists): string {
  return stringify(lists, { aliasDuplicateObjects: false, ...AS_IT_IS });
}
