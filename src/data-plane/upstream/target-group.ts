/** The targets of one upstream as its record has them, and which of them may be used now. */
import type { UpstreamRecord } from '../../core/upstream-record.ts';
import type { Circuit, HealthStates, TargetHealth } from '../../stores/health-contract.ts';
import { type Choice, choiceFor, type Member } from './balancing.ts';
import type { TargetClient, UpstreamLoad } from './target-client.ts';

/** Share of its weight with which a target starts, as Envoy has it: with none it never would. */
const START_SHARE = 0.1;
/** Steps in which a share grows. */
const START_STEPS = 100;

export interface TargetGroupParts {
  readonly record: UpstreamRecord;
  /** In the order of the record's targets; at least one. */
  readonly targets: readonly TargetClient[];
  /** In the same order. */
  readonly healths: readonly (TargetHealth | undefined)[];
  readonly load: UpstreamLoad;
  readonly circuit: Circuit | undefined;
  readonly states: HealthStates;
  readonly random: () => number;
}

export class TargetGroup {
  readonly load: UpstreamLoad;
  /** Undefined where neither a breaker nor outliers are configured. */
  readonly circuit: Circuit | undefined;
  readonly members: readonly Member[];
  readonly record: UpstreamRecord;
  private readonly states: HealthStates;
  private readonly choice: Choice;
  /** Whether who may be used, or a share, can change. */
  private readonly isTimed: boolean;
  private usable: readonly Member[];
  private seenVersion = -1;
  /** When `usable` or a share changes by itself. */
  private nextChangeMs = Number.NEGATIVE_INFINITY;
  private allAreOut = false;

  constructor(parts: TargetGroupParts) {
    const { record, targets, healths, states } = parts;
    this.record = record;
    this.load = parts.load;
    this.circuit = parts.circuit;
    this.states = states;
    this.choice = choiceFor(record.resilience.balancing, parts.random);
    this.members = record.targets.map(({ weight }, i) => {
      return { target: targets[i]!, health: healths[i], weight, share: weight, owed: 0 };
    });
    this.usable = this.members;
    const { health, outlier, slowStartMs } = record.resilience;
    this.isTimed = health !== undefined || outlier !== undefined || slowStartMs > 0;
  }

  /** Calls go to targets that are left out, because all of them are. */
  get isInPanic(): boolean {
    return this.allAreOut;
  }

  healthOf(target: TargetClient): TargetHealth | undefined {
    for (const member of this.members) if (member.target === target) return member.health;
    return undefined;
  }

  /** `not` is left out where there is another that may be used. */
  choose(not?: TargetClient): Member {
    if (this.isTimed) this.look();
    const { usable } = this;
    return usable.length === 1 ? usable[0]! : this.choice(usable, not);
  }

  private look(): void {
    const { version } = this.states;
    const nowMs = this.states.nowMs();
    if (version === this.seenVersion && nowMs < this.nextChangeMs) return;
    this.seenVersion = version;
    this.refresh(nowMs);
  }

  /**
   * Where all are out, all are used: that every target is down is less likely than that the checks
   * are wrong, and calls that are sent nowhere serve nobody (Envoy's panic threshold, at 0).
   */
  private refresh(nowMs: number): void {
    this.nextChangeMs = Number.POSITIVE_INFINITY;
    const usable = this.members.filter(member => this.isUsable(member, nowMs));
    this.allAreOut = usable.length === 0;
    this.usable = this.allAreOut ? this.members : usable;
    for (const member of this.usable) {
      member.share = member.weight * this.startShare(member, nowMs);
    }
  }

  private isUsable({ health }: Member, nowMs: number): boolean {
    if (health === undefined) return true;
    const { ejectedUntilMs } = health;
    if (ejectedUntilMs > nowMs) this.nextChangeMs = Math.min(this.nextChangeMs, ejectedUntilMs);
    return ejectedUntilMs <= nowMs && !health.isDown;
  }

  private startShare({ target, health }: Member, nowMs: number): number {
    const { slowStartMs } = this.record.resilience;
    const fromMs = Math.max(target.sinceMs, health?.backSinceMs ?? 0);
    const elapsedMs = nowMs - fromMs;
    if (fromMs === 0 || elapsedMs >= slowStartMs) return 1;
    this.nextChangeMs = Math.min(this.nextChangeMs, nowMs + slowStartMs / START_STEPS);
    return Math.max(START_SHARE, elapsedMs / slowStartMs);
  }
}
