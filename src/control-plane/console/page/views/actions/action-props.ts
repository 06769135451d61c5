import type { PlannedChange } from '../../state/made-change.ts';

/** What each panel of actions is given. */
export interface ActionProps {
  readonly plan: (change: PlannedChange) => void;
  readonly mayAct: boolean;
}
