/** What the table and the checks say about an upstream, as an operator reads it. */
import type { UpstreamRecord, UpstreamTarget } from '../core/upstream-record.ts';
import type { Circuit, HealthStates, TargetHealth } from '../stores/health-contract.ts';
import type { LastCheck } from './health-checker.ts';

export interface ReportSources {
  readonly states: HealthStates;
  readonly lastCheck: (target: UpstreamTarget) => LastCheck | undefined;
}

export function reportUpstream(record: UpstreamRecord, sources: ReportSources) {
  const { id, targets, resilience } = record;
  const { states } = sources;
  const nowMs = states.nowMs();
  const instant = (atMs: number) => new Date(Date.now() + atMs - nowMs).toISOString();
  const circuit = resilience.breaker === undefined ? undefined : states.circuit(id);
  return {
    upstream: id,
    ...(circuit === undefined ? {} : { circuit: reportCircuit(circuit, instant) }),
    targets: targets.map(target => {
      const { host, port, weight } = target;
      const health = states.target(id, host, port);
      const last = sources.lastCheck(target);
      return {
        ...{ host, port, weight },
        ...reportHealth(health, nowMs, instant),
        ...(health === undefined ? {} : { callsInFlight: health.callsInFlight }),
        ...(last === undefined ? {} : { lastCheck: reportCheck(last, instant) }),
      };
    }),
  };
}

function reportCircuit({ phase, openUntilMs }: Circuit, instant: (atMs: number) => string) {
  return phase === 'open' ? { state: phase, openUntil: instant(openUntilMs) } : { state: phase };
}

function reportHealth(
  health: TargetHealth | undefined,
  nowMs: number,
  instant: (atMs: number) => string,
) {
  const isEjected = health !== undefined && health.ejectedUntilMs > nowMs;
  const ejectedUntil = isEjected ? { ejectedUntil: instant(health.ejectedUntilMs) } : {};
  if (health?.isDown === true) return { state: 'down' as const, ...ejectedUntil };
  return { state: isEjected ? ('ejected' as const) : ('up' as const), ...ejectedUntil };
}

function reportCheck({ atMs, failure }: LastCheck, instant: (atMs: number) => string) {
  return { at: instant(atMs), ...(failure === undefined ? {} : { failure }) };
}
