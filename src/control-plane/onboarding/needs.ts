/** What a step of the onboarding needs, and whether a partner has it. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import { everyRecord } from '../certification/every-record.ts';
import { CERTIFICATION_MAX_AGE_MS, lastPassed } from '../certification/find-runs.ts';
import type { RegistryReader } from '../registry/desk-contract.ts';

export type Need =
  | 'security-contact'
  | 'technical-contact'
  | 'sandbox-app'
  | 'sandbox-subscription'
  | 'passed-certification';

export interface Applicant {
  readonly registry: RegistryReader;
  /** Id of the partner. */
  readonly id: string;
  readonly body: JsonObject;
  readonly nowMs: number;
}

const DAY_MS = 24 * 3_600_000;

const CHECKS: Readonly<Record<Need, (applicant: Applicant) => string | undefined>> = {
  'security-contact': missingContact('security'),
  'technical-contact': missingContact('technical'),
  'sandbox-app': missingApp,
  'sandbox-subscription': missingSubscription,
  'passed-certification': missingCertification,
};

/** What is missing, each as a verb phrase about the partner; empty where nothing is. */
export function missingOf(needs: readonly Need[], applicant: Applicant): string[] {
  return needs.flatMap(need => CHECKS[need](applicant) ?? []);
}

function missingContact(role: string) {
  return ({ body }: Applicant): string | undefined => {
    const contacts = (body.contacts ?? []) as readonly JsonObject[];
    if (contacts.some(contact => contact.role === role)) return undefined;
    return `needs a contact with the role ${role}`;
  };
}

function missingApp(applicant: Applicant): string | undefined {
  const apps = sandboxApps(applicant);
  if (apps.length === 0) return 'needs an active sandbox app';
  const { registry, nowMs } = applicant;
  for (const app of apps) {
    for (const { body } of everyRecord(registry, 'key', { app })) {
      if (isValidKey(body, nowMs)) return undefined;
    }
  }
  return `needs a valid key of a sandbox app (${apps.join(', ')})`;
}

function missingSubscription(applicant: Applicant): string | undefined {
  const apps = sandboxApps(applicant);
  for (const app of apps) {
    const [found] = everyRecord(applicant.registry, 'subscription', { app, status: 'approved' });
    if (found !== undefined) return undefined;
  }
  return 'needs an approved subscription of a sandbox app';
}

function missingCertification({ registry, id, nowMs }: Applicant): string | undefined {
  const run = lastPassed(registry, id);
  if (run === undefined) return 'needs a passed certification of a sandbox app';
  if (nowMs - Date.parse(run.endedAt!) <= CERTIFICATION_MAX_AGE_MS) return undefined;
  const days = CERTIFICATION_MAX_AGE_MS / DAY_MS;
  return `needs a passed certification not older than ${days} days; ${run.id} is of ${run.endedAt}`;
}

function sandboxApps({ registry, id }: Applicant): string[] {
  const where = { partner: id, environment: 'sandbox', status: 'active' };
  return [...everyRecord(registry, 'app', where)].map(app => app.id);
}

function isValidKey({ revoked, notBefore, notAfter }: JsonObject, nowMs: number): boolean {
  if (revoked === true) return false;
  if (typeof notBefore === 'string' && nowMs < Date.parse(notBefore)) return false;
  return typeof notAfter !== 'string' || nowMs <= Date.parse(notAfter);
}
