/** Limits that the front threads of one host share. */
export { LimitKeeper } from './limit-keeper.ts';
export { createLimitShared, type LimitShared } from './limit-layout.ts';
export { SharedFailureBudget } from './shared-failure-budget.ts';
export { SharedLimitStore } from './shared-limit-store.ts';
