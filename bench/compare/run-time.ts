/** How long a comparison takes, for the requests that are signed before it starts. */
import { UsageError } from '../rig/command-line.ts';
import { CREATED_MAX_AGE_MS } from '../rig/gateway-files.ts';

export interface RunTime {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly signedRequests: number;
}

/** Start, probe and end of a forwarder; seldom more than two. */
const START_SECONDS = 4;
/** RSA-2048 on one core takes 0.6 ms; twice that on a slow one. */
const SIGN_MS = 1.2;

/**
 * Milliseconds for which signatures and tokens have to be good from now on.
 * @throws UsageError where no gateway would take them that long
 */
export function validForMs(options: RunTime, cases: number): number {
  const { rounds, seconds, warmUpSeconds, signedRequests } = options;
  const roundsMs = rounds * cases * (seconds + warmUpSeconds + START_SECONDS) * 1_000;
  const neededMs = Math.ceil(signedRequests * SIGN_MS + roundsMs);
  if (neededMs <= CREATED_MAX_AGE_MS) return neededMs;
  throw new UsageError(
    `${rounds} rounds of ${cases} cases may take ${Math.ceil(neededMs / 60_000)} minutes, and ` +
      'signatures are good for one hour: fewer rounds, cases or seconds.',
  );
}
