/** Whether the generator, and not the gateway, decided what a run shows. */

/**
 * A fifth of the 50 ms that the gateway promises at p99. Lag is part of the latency, so a result
 * below this errs against the gateway; beyond it, it says too little about it.
 */
export const LAG_P99_MAX_MS = 10;
/** Of one core. A thread busier than this has a queue of its own, by any queueing formula. */
export const CPU_SHARE_MAX = 0.85;
/** CPU is scaled to the measured time; with a reading later than this the scale is a guess. */
export const READING_LATE_MAX_MS = 50;

export interface GeneratorFindings {
  readonly lagP99Ms: number;
  /** Of the busiest generator. */
  readonly cpuShareMax: number;
  /** Of the first look at the gateway's CPU. */
  readonly firstReadingLateMs: number;
}

/** Why the run is refused, a sentence each; empty where it stands. */
export function judgeGenerator(findings: GeneratorFindings): string[] {
  const { lagP99Ms, cpuShareMax, firstReadingLateMs } = findings;
  const reasons: string[] = [];
  if (lagP99Ms > LAG_P99_MAX_MS) {
    reasons.push(
      `1 % of the requests were noticed or sent more than ${lagP99Ms.toFixed(1)} ms late by the ` +
        `generator; at most ${LAG_P99_MAX_MS} ms is accepted`,
    );
  }
  if (cpuShareMax > CPU_SHARE_MAX) {
    const [share, most] = [cpuShareMax, CPU_SHARE_MAX].map(value => Math.round(value * 100));
    reasons.push(`a generator used ${share} % of a core; at most ${most} % is accepted`);
  }
  if (firstReadingLateMs > READING_LATE_MAX_MS) {
    reasons.push(
      `the gateway's CPU was first read ${firstReadingLateMs.toFixed(0)} ms late; ` +
        `at most ${READING_LATE_MAX_MS} ms is accepted`,
    );
  }
  return reasons;
}
