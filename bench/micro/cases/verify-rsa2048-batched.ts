import type { BenchCase } from '../bench-case.ts';
import { preparePool } from '../verify-case.ts';

/** RSA-2048 over 600 bytes through the pool at saturation; the CPU is the front thread's. */
export default {
  name: 'verify-rsa2048-batched',
  setup: () => preparePool('rsa-v1_5-sha256', 'pool'),
} satisfies BenchCase;
