/**
 * Content codings of bodies.
 * Receives coded bytes with their codings, or bytes with what the other side takes; adds nothing.
 * May refuse, as PayloadFault, what is not served, damaged, cut off, or grows beyond the limits.
 */
export {
  CODING_LIMITS,
  type ContentCoding,
  decodeContent,
  encodeContent,
  parseContentEncoding,
} from './content-codings.ts';
export { negotiateCoding } from './negotiate-coding.ts';
