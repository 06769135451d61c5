/** The kinds of change that are made, in their turns. */
export const CHANGE_NAMES = [
  'key-revoked',
  'partner-suspended-or-back',
  'operation-added',
  'product-changed',
  'upstream-limited',
  'subscription-added',
] as const;
export type ChangeName = (typeof CHANGE_NAMES)[number];
