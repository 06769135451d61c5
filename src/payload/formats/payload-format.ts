import type { JsonValue } from '../payload-fault.ts';

export interface FormatLimits {
  readonly bytesMax: number;
  /** Objects and arrays, or XML elements, that stand inside one another. */
  readonly depthMax: number;
}

export const FORMAT_LIMITS: FormatLimits = { bytesMax: 1_048_576, depthMax: 64 };

/** One way to write a payload down. Each instance serves any number of payloads, in turn. */
export interface PayloadFormat {
  /** In lower case and without parameters: 'application/json'. */
  readonly mediaType: string;
  /** Throws PayloadFault for anything that is not one whole payload within the limits. */
  read(bytes: Uint8Array, limits: FormatLimits): JsonValue;
  /** The same bytes for the same payload. Throws PayloadFault for what the format cannot hold. */
  write(payload: JsonValue): Uint8Array;
}
