/** A call for which nothing is agreed. */
import type { BenchCase } from '../bench-case.ts';
import { policyCase } from '../policy-case.ts';

export default {
  name: 'policy-none',
  setup: async () => policyCase(false),
} satisfies BenchCase;
