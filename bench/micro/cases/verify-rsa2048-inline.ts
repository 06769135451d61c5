import type { BenchCase } from '../bench-case.ts';
import { preparePool } from '../verify-case.ts';

/** RSA-2048 over 600 bytes on the front thread itself. */
export default {
  name: 'verify-rsa2048-inline',
  setup: () => preparePool('rsa-v1_5-sha256', 'inline'),
} satisfies BenchCase;
