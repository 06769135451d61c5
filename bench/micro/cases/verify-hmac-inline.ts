import type { BenchCase } from '../bench-case.ts';
import { preparePool } from '../verify-case.ts';

/** HMAC-SHA256 over 600 bytes on the front thread, where `auto` leaves it. */
export default {
  name: 'verify-hmac-inline',
  setup: () => preparePool('hmac-sha256', 'inline'),
} satisfies BenchCase;
