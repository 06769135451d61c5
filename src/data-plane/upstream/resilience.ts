/** Whether a call may go to its upstream, and what its end says about upstream and target. */
import type { CounterSet } from '../../core/counters.ts';
import { type Problem, problem, problemAfter } from '../../core/problems.ts';
import type {
  BreakerRecord,
  OutlierRecord,
  UpstreamResilience,
} from '../../core/upstream-record.ts';
import {
  type CallVerdict,
  CIRCUIT_CLOSED,
  CIRCUIT_TRIAL,
  type HealthStates,
} from '../../stores/health-contract.ts';
import type { AttemptOutcome } from './attempt-outcome.ts';
import { countFailure } from './outliers.ts';
import type { TargetClient } from './target-client.ts';
import type { TargetGroup } from './target-group.ts';

/** `saturated` and `cancelled` say nothing: the one is our own limit, the other our own wish. */
const VERDICTS: Readonly<Record<AttemptOutcome, CallVerdict>> = {
  answered: 'good',
  'failed-status': 'bad',
  unreachable: 'bad',
  timeout: 'bad',
  protocol: 'bad',
  saturated: 'none',
  cancelled: 'none',
};

/** A circuit opened or closed, or the target at that host was left out. */
export type ReportChange = (
  upstreamId: string,
  host: string | undefined,
  change: 'opened' | 'closed' | 'ejected',
) => void;

interface ResilienceOptions {
  readonly counters: CounterSet;
  readonly health: HealthStates;
  readonly reportChange: ReportChange;
}

export class Resilience {
  private readonly counters: CounterSet;
  private readonly states: HealthStates;
  private readonly reportChange: ReportChange;

  constructor({ counters, health, reportChange }: ResilienceOptions) {
    this.counters = counters;
    this.states = health;
    this.reportChange = reportChange;
  }

  /**
   * Whether the call is one of few that try the upstream, or why it may not go. Of those that count
   * as in flight so many have ended.
   */
  admit(
    { load, circuit }: TargetGroup,
    terms: UpstreamResilience,
    ended: number,
  ): boolean | Problem {
    if (load.callsInFlight - ended >= terms.requestsMax) return this.refuseSaturated();
    if (terms.breaker === undefined || circuit === undefined) return false;
    const answer = circuit.admit(terms.breaker, this.states.nowMs());
    if (answer === CIRCUIT_CLOSED) return false;
    return answer === CIRCUIT_TRIAL || this.refuseOpen(answer);
  }

  /** The end of a call that was let through. */
  report(group: TargetGroup, target: TargetClient, outcome: AttemptOutcome): void {
    const { outlier, breaker } = group.record.resilience;
    if (outlier === undefined && breaker === undefined) return;
    const verdict = VERDICTS[outcome];
    if (breaker !== undefined) this.reportUpstream(group, target.isTrial, breaker, verdict);
    if (outlier !== undefined) this.reportTarget(group, target.base, outlier, verdict);
  }

  private reportUpstream(
    { circuit, record }: TargetGroup,
    isTrial: boolean,
    terms: BreakerRecord,
    verdict: CallVerdict,
  ): void {
    if (circuit === undefined) return;
    const nowMs = this.states.nowMs();
    const change = isTrial
      ? circuit.reportTrial(terms, nowMs, verdict)
      : circuit.report(terms, nowMs, verdict);
    if (change === undefined) return;
    if (change === 'opened') this.counters.add('upstream_circuits_opened');
    this.reportChange(record.id, undefined, change);
  }

  private reportTarget(
    group: TargetGroup,
    target: TargetClient,
    terms: OutlierRecord,
    verdict: CallVerdict,
  ): void {
    const health = group.healthOf(target);
    // One target alone is never left out.
    if (health === undefined || group.members.length === 1) return;
    if (verdict === 'good') health.clearFailures();
    if (verdict !== 'bad') return;
    const result = countFailure(group, health, terms, this.states.nowMs());
    if (result === 'capped') this.counters.add('upstream_ejections_capped');
    if (result !== 'ejected') return;
    this.counters.add('upstream_ejections');
    this.reportChange(group.record.id, target.host, 'ejected');
  }

  private refuseSaturated(): Problem {
    this.counters.add('upstream_requests_refused');
    return problem('upstream-saturated', 'As many calls as it may have are in flight.');
  }

  private refuseOpen(waitMs: number): Problem {
    this.counters.add('upstream_circuit_refused');
    const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
    return problemAfter('circuit-open', 'Its calls failed; the call was not sent.', seconds);
  }
}
