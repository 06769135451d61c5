import type { BenchCase } from '../bench-case.ts';
import { preparePool } from '../verify-case.ts';

/** HMAC-SHA256 forced through the pool: what `auto` avoids. */
export default {
  name: 'verify-hmac-batched',
  setup: () => preparePool('hmac-sha256', 'pool'),
} satisfies BenchCase;
