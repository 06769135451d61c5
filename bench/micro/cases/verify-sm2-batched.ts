import type { BenchCase } from '../bench-case.ts';
import { preparePool } from '../verify-case.ts';

/** SM2 with SM3 over 600 bytes through the pool at saturation; the time is the one worker's. */
export default {
  name: 'verify-sm2-batched',
  setup: () => preparePool('sm2-sm3', 'pool'),
} satisfies BenchCase;
