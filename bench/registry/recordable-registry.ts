import { namesOneTree } from '../rig/commit.ts';
import { faultsOf } from './bars.ts';
import { REGISTRY_DEFAULTS } from './registry-arguments.ts';
import type { RegistryResult, RegistryScale } from './registry-result.ts';

/** Of either kind of window together. */
const WINDOW_SECONDS_MIN = 60;
const CHANGES_MIN = 100;
const REVOCATIONS_MIN = 20;
/** Beyond it others had the machine. */
const OTHERS_SHARE_MAX = 0.1;

const SCALE: readonly (keyof RegistryScale)[] = ['apis', 'operations', 'partners', 'apps'];

/** Why a run may not stand in the record; empty where it may. A missed bar is no reason. */
export function reasonsAgainstRegistry(result: RegistryResult): string[] {
  const { rebuild, changeLoad, windows, windowSeconds, changes, revocations } = result;
  const isLimited = [rebuild, changeLoad].some(({ calls }) => calls.limited.length > 0);
  const isSmall = SCALE.some(dimension => result[dimension] < REGISTRY_DEFAULTS[dimension]);
  const isShort = (windows / 2) * windowSeconds < WINDOW_SECONDS_MIN;
  const reasons: readonly (readonly [reason: string, applies: boolean])[] = [
    ['a smaller registry', isSmall],
    ['fewer than two fronts', result.fronts < 2],
    [`fewer than ${CHANGES_MIN} changes`, changes < CHANGES_MIN],
    [`fewer than ${REVOCATIONS_MIN} revocations`, revocations < REVOCATIONS_MIN],
    [`less than ${WINDOW_SECONDS_MIN} s of windows of each kind`, isShort],
    ['a tree that is no commit', !namesOneTree(result.commit)],
    ['the generator was the limit', isLimited],
    ['others on the cores', changeLoad.othersShare > OTHERS_SHARE_MAX],
  ];
  return [
    ...faultsOf(result),
    ...reasons.filter(([, applies]) => applies).map(([reason]) => reason),
  ];
}
