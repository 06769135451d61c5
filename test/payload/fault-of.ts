import { PayloadFault } from '../../src/payload/payload-fault.ts';

/** The pointer of the PayloadFault that `run` throws; anything else that it throws is passed on. */
export function faultOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof PayloadFault) return error.pointer;
    throw error;
  }
  return undefined;
}
