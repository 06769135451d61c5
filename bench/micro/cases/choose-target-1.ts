/** Choosing and settling where an upstream has one target: breaker and requestsMax are left. */
import type { BenchCase } from '../bench-case.ts';
import { chooseCase } from '../choose-case.ts';

export default {
  name: 'choose-target-1',
  setup: async () => chooseCase(1, true),
} satisfies BenchCase;
