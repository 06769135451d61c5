/**
 * Formats of payloads: each reads bytes to plain values and writes them back.
 * Receives bytes of one side, or a payload; adds nothing to it.
 * May refuse, as PayloadFault, what is no payload, too large, too deep, or not to be held.
 */
import { jsonFormat } from './json.ts';
import { msgpackFormat } from './msgpack-codec.ts';
import type { PayloadFormat } from './payload-format.ts';
import { CAMT_053 } from './xml/camt-053.ts';
import { PAIN_001 } from './xml/pain-001.ts';
import { xmlFormat } from './xml/xml-format.ts';

export { formatOf, negotiateFormat } from './negotiate-format.ts';
export { FORMAT_LIMITS } from './payload-format.ts';
export { jsonFormat, msgpackFormat, xmlFormat };

/** By the names that the registry knows them by. */
export const FORMATS: Readonly<Record<string, PayloadFormat>> = {
  json: jsonFormat,
  msgpack: msgpackFormat,
  'pain.001.001.09': xmlFormat(PAIN_001),
  'camt.053.001.08': xmlFormat(CAMT_053),
};
