/** Choosing and settling among eight targets with checks, outliers, slow start and breaker. */
import type { BenchCase } from '../bench-case.ts';
import { chooseCase } from '../choose-case.ts';

export default {
  name: 'choose-target-8',
  setup: async () => chooseCase(8, true),
} satisfies BenchCase;
