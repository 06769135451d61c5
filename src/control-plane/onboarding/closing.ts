/**
 * What goes with a partner that is closed: its subscriptions end, its keys are revoked. That is
 * done when it is closed, not when its closing is asked for: a second person may agree days later.
 * Until it is done the partner's calls are refused all the same.
 */
import { everyRecord } from '../certification/every-record.ts';
import type {
  ChangedIds,
  ProposedChange,
  RegistryReader,
  RegistryWatch,
  RegistryWriter,
} from '../registry/desk-contract.ts';
import { readHistory } from './history.ts';

/** In one commit; the rest is in the next. */
export const CLOSING_CHANGES_MAX = 9_000;
/** Others may change the same records in between. */
const ATTEMPTS_MAX = 5;
const AGAIN_MS = 1_000;
const ACTOR = 'system:onboarding';

export interface ClosingWatchOptions {
  readonly registry: RegistryWriter & RegistryWatch;
  /** Told why a partner's closing could not be completed; it is tried again a second later. */
  readonly reportFailure: (partner: string, reason: string) => void;
}

/** Completes the closing of partners, whoever closed them and on whichever host. */
export class ClosingWatch {
  private readonly options: ClosingWatchOptions;
  private readonly waiting = new Set<string>();
  private endWatch: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(options: ClosingWatchOptions) {
    this.options = options;
  }

  /** Takes up what was left when the process ended. */
  start(): void {
    const { registry } = this.options;
    this.endWatch = registry.watch(changed => this.follow(changed));
    for (const { id } of everyRecord(registry, 'partner', { status: 'closed' })) {
      this.waiting.add(id);
    }
    this.run();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.endWatch?.();
    clearTimeout(this.timer);
    await this.running;
  }

  private follow(changed: ChangedIds): void {
    const { registry } = this.options;
    for (const id of changed.get('partner')?.keys() ?? []) {
      if (isClosedPartner(registry, id)) this.waiting.add(id);
    }
    this.run();
  }

  private run(): void {
    if (this.waiting.size === 0 || this.isClosed) return;
    this.running ??= this.completeAll().finally(() => {
      this.running = undefined;
    });
  }

  private async completeAll(): Promise<void> {
    const failed: string[] = [];
    for (const id of this.waiting) {
      if (this.isClosed) return;
      this.waiting.delete(id);
      try {
        await completeClosing(this.options.registry, id);
      } catch (error) {
        failed.push(id);
        this.options.reportFailure(id, (error as Error).message);
      }
    }
    if (failed.length === 0 || this.isClosed) return;
    for (const id of failed) this.waiting.add(id);
    this.timer = setTimeout(() => this.run(), AGAIN_MS).unref();
  }
}

/**
 * Ends the subscriptions and revokes the keys of a partner that was closed by a step of its
 * onboarding; of any other nothing is changed.
 *
 * @throws Error where it could not be completed
 * @throws RegistryStoreError where the store cannot commit
 */
export async function completeClosing(registry: RegistryWriter, partner: string): Promise<void> {
  for (let attempts = 0; attempts < ATTEMPTS_MAX; ) {
    if (!isClosedPartner(registry, partner)) return;
    const changes = closingChanges(registry, partner);
    if (changes.length === 0) return;
    const result = await registry.change({
      ...{ actor: ACTOR, action: 'partner.close', subject: `partner/${partner}` },
      reason: readHistory(registry, partner).steps.at(-1)!.reason,
      changes,
      onlyWhile: () => isClosedPartner(registry, partner),
    });
    if (!('refusals' in result)) continue;
    const refusal = result.refusals.find(({ code }) => code !== 'stale' && code !== 'missing');
    if (refusal !== undefined) throw new Error(`${refusal.kind}/${refusal.id} ${refusal.message}`);
    attempts++;
  }
  throw new Error('its keys and subscriptions are changed all the time');
}

/** By a step: what somebody wrote into the record by hand, they may take back. */
function isClosedPartner(registry: RegistryReader, partner: string): boolean {
  if (registry.get('partner', partner)?.body.status !== 'closed') return false;
  return readHistory(registry, partner).steps.at(-1)?.to === 'closed';
}

function closingChanges(registry: RegistryReader, partner: string): ProposedChange[] {
  const changes: ProposedChange[] = [];
  for (const change of eachClosing(registry, partner)) {
    changes.push(change);
    if (changes.length >= CLOSING_CHANGES_MAX) break;
  }
  return changes;
}

function* eachClosing(registry: RegistryReader, partner: string): Generator<ProposedChange, void> {
  for (const app of everyRecord(registry, 'app', { partner })) {
    const owned = { app: app.id };
    for (const { kind, id, version, body } of everyRecord(registry, 'subscription', owned)) {
      if (body.status === 'ended') continue;
      yield { kind, id, ifVersion: version, body: { ...body, status: 'ended' } };
    }
    for (const { kind, id, version, body } of everyRecord(registry, 'key', owned)) {
      if (body.revoked === true) continue;
      yield { kind, id, ifVersion: version, body: { ...body, revoked: true } };
    }
  }
}
