import type { JsonObject } from '../../stores/registry-contract.ts';
import type { JsonPath } from './pointers.ts';

export interface ConvertedOperation {
  /** As the API's record has it. */
  readonly body: JsonObject & {
    readonly id: string;
    readonly method: string;
    readonly path: string;
  };
  /** Where it stands in the document. */
  readonly at: JsonPath;
}
