/** A call counted against two rates, a quota and its partner's calls in flight. */
import type { BenchCase } from '../bench-case.ts';
import { policyCase } from '../policy-case.ts';

export default {
  name: 'policy-4-limits',
  setup: async () => policyCase(true),
} satisfies BenchCase;
