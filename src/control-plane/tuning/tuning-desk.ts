/**
 * Turns what operators ask for. Each turn is in the audit log, durably, before it takes effect; who
 * cannot be written down turns nothing.
 */
import type { Clock } from '../../core/clock.ts';
import { readSource } from '../../core/source-set.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { AuditWitness } from '../registry/desk-contract.ts';
import { BLOCKED_MAX, type BlockedSource, type BlockedSources } from './blocked-sources.ts';
import type { HostControls, TunedSettings } from './host-controls.ts';

export interface Turn {
  /** `operator:<id>`. */
  readonly actor: string;
  readonly reason: string;
}

/** Why it was not done: a verb phrase about the thing. */
export interface TurnRefusal {
  readonly code: 'missing' | 'conflict' | 'invalid';
  readonly message: string;
}

export class TuningDesk {
  private readonly host: HostControls;
  private readonly audit: AuditWitness;
  private readonly blocked: BlockedSources;
  private readonly clock: Clock;
  /** One turn after another: each is written down with what was before it. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(host: HostControls, audit: AuditWitness, blocked: BlockedSources, clock: Clock) {
    this.host = host;
    this.audit = audit;
    this.blocked = blocked;
    this.clock = clock;
  }

  get sources(): readonly BlockedSource[] {
    return this.blocked.all;
  }

  tune(turn: Turn, patch: Partial<TunedSettings>): Promise<void> {
    return this.inTurn(() => {
      return this.settle(turn, { ...this.host.settings, ...patch });
    });
  }

  /** Back to the configuration. */
  reset(turn: Turn): Promise<void> {
    return this.inTurn(() => this.settle(turn, this.host.configured));
  }

  setDrained(turn: Turn, front: number, isDrained: boolean): Promise<TurnRefusal | undefined> {
    return this.inTurn(async () => {
      const fronts = this.host.fronts();
      const found = fronts.find(each => each.front === front);
      if (found === undefined) return { code: 'missing', message: 'is not there' };
      if ((found.state === 'drained') === isDrained) return undefined;
      const others = fronts.filter(each => each !== found && each.state === 'listening');
      if (isDrained && others.length === 0) {
        return { code: 'conflict', message: 'is the last one that listens' };
      }
      await this.audit.witness({
        ...{ ...turn, action: isDrained ? 'front.drain' : 'front.undrain' },
        ...{ kind: 'front', id: `${front}` },
        before: { state: found.state },
        after: { state: isDrained ? 'drained' : 'listening' },
      });
      this.host.setDrained(front, isDrained);
      return undefined;
    });
  }

  setCircuit(turn: Turn, upstream: string, openMs: number): Promise<TurnRefusal | undefined> {
    return this.inTurn(async () => {
      const found = this.host.circuit(upstream);
      if (found === undefined) return { code: 'missing', message: 'is not there' };
      const { phase } = found;
      if (phase === undefined) {
        return { code: 'conflict', message: 'has no circuit breaker: give it one in the registry' };
      }
      await this.audit.witness({
        ...{ ...turn, action: openMs > 0 ? 'circuit.open' : 'circuit.close' },
        ...{ kind: 'upstream', id: upstream },
        before: { circuit: phase },
        after: openMs > 0 ? { circuit: 'open', openMs } : { circuit: 'closed' },
      });
      this.host.setCircuit(upstream, openMs);
      return undefined;
    });
  }

  block(turn: Turn, text: string): Promise<TurnRefusal | undefined> {
    return this.inTurn(async () => {
      const source = readSource(text)?.text;
      if (source === undefined) {
        return {
          code: 'invalid',
          message: 'is neither an address nor a network such as 192.0.2.0/24',
        };
      }
      if (this.blocked.find(source) !== undefined) return undefined;
      if (this.blocked.isFull) {
        return { code: 'conflict', message: `would be one more than ${BLOCKED_MAX} sources` };
      }
      const since = new Date(this.clock.wallMs()).toISOString();
      const entry = { source, since, by: turn.actor, reason: turn.reason };
      await this.witnessSource({ ...turn, action: 'source.block' }, null, entry);
      this.blocked.add(entry);
      this.tellBlocked();
      return undefined;
    });
  }

  unblock(turn: Turn, text: string): Promise<TurnRefusal | undefined> {
    return this.inTurn(async () => {
      // As it stands in the file, where an older version may have left another form.
      const source = this.blocked.find(text)?.source ?? readSource(text)?.text ?? text;
      const entry = this.blocked.find(source);
      if (entry === undefined) return { code: 'missing', message: 'is not blocked' };
      await this.witnessSource({ ...turn, action: 'source.unblock' }, entry, null);
      this.blocked.remove(source);
      this.tellBlocked();
      return undefined;
    });
  }

  private witnessSource(
    trace: Turn & { readonly action: string },
    before: BlockedSource | null,
    after: BlockedSource | null,
  ): Promise<void> {
    const id = (before ?? after)!.source;
    return this.audit.witness({
      ...{ ...trace, kind: 'source', id },
      before: before && { ...before },
      after: after && { ...after },
    });
  }

  private tellBlocked(): void {
    this.host.block(this.blocked.all.map(({ source }) => source));
  }

  private async settle(turn: Turn, settings: TunedSettings): Promise<void> {
    const before = asJson(this.host.settings);
    const after = asJson(settings);
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    await this.audit.witness({
      ...{ ...turn, action: 'tuning.change', kind: 'tuning', id: 'host' },
      ...{ before, after },
    });
    this.host.apply(settings);
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task);
    this.last = result.catch(() => undefined);
    return result;
  }
}

function asJson(settings: TunedSettings): JsonObject {
  const { placements, ...rest } = settings;
  return { ...rest, placements: { ...placements } };
}
