/** The bank's side of a run: opening it, and its verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunReport } from '../../control-plane/certification/report.ts';
import { type AdminOptions, adminJson } from '../admin-client.ts';

/** The gateway settles for a second after the last call, and looks twice a second. */
const VERDICT_MAX_MS = 15_000;
const POLL_MS = 250;

export async function openRun(admin: AdminOptions, app: string): Promise<RunReport> {
  const body = { app, reason: 'Opened by xingyun certify.' };
  return adminJson<RunReport>(admin, { method: 'POST', path: '/v1/certifications', body });
}

/** The report as soon as the run is over, or as it is where steps are missing. */
export async function fetchVerdict(
  admin: AdminOptions,
  runId: string,
  isWhole: boolean,
): Promise<RunReport> {
  const path = `/v1/certifications/${encodeURIComponent(runId)}`;
  const endMs = performance.now() + (isWhole ? VERDICT_MAX_MS : 2_000);
  for (;;) {
    const report = await adminJson<RunReport>(admin, { path });
    if (report.state !== 'open' || performance.now() >= endMs) return report;
    await delay(POLL_MS);
  }
}
