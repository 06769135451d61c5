/** What must hold of a window beside the status of its answers; else its round is void. */
import type { ChecksDone } from '../peers/peer.ts';
import type { LoopReport } from './wrk.ts';

/** Where a gateway was told to check: on its workers or on its front thread. */
export type CheckPlace = keyof ChecksDone;

/**
 * @throws Error where the answers together are shorter than as many bodies of the upstream: a good
 *   status with nothing behind it is no forwarding
 */
export function refuseShortAnswers(report: LoopReport, upstreamBody: string): void {
  const least = report.requests * Buffer.byteLength(upstreamBody);
  if (report.bytes >= least) return;
  throw new Error(
    `${report.requests} answers have ${report.bytes} bytes; the bodies alone are ${least}`,
  );
}

/** @throws Error where a request of the window was not checked, or was checked elsewhere */
export function refuseOtherPlace(
  place: CheckPlace,
  before: ChecksDone | undefined,
  after: ChecksDone | undefined,
  requests: number,
): void {
  if (before === undefined || after === undefined) throw new Error('its checks are not counted');
  const other = place === 'pool' ? 'inline' : 'pool';
  const there = after[place] - before[place];
  const elsewhere = after[other] - before[other];
  if (there >= requests && elsewhere === 0) return;
  throw new Error(
    `${there} of ${requests} requests were checked ${place}, and ${elsewhere} checks ran ${other}`,
  );
}
