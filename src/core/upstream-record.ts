/** An upstream as the control plane publishes it: its targets, and how calls reach them. */

export interface UpstreamTlsRecord {
  /** PEM; the system's roots where undefined. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
}

export interface UpstreamTarget {
  readonly host: string;
  readonly port: number;
  /** Its share beside the other targets, 1 to 1,000. */
  readonly weight: number;
}

/** Asked of each target by the gateway itself, whatever calls come. */
export interface HealthCheckRecord {
  /** Of a GET; an answer with a status of 200 to 399 in time is a good one. */
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Good answers in a row after which a target is used again. */
  readonly healthyAfter: number;
  /** Bad ones in a row after which it is not used. */
  readonly unhealthyAfter: number;
}

/** A target whose own calls fail is left out for a time that grows with each time. */
export interface OutlierRecord {
  /** Failures in a row: no answer, a broken one, or a status of 500 to 599. */
  readonly consecutiveFailuresMax: number;
  readonly ejectionMs: number;
  readonly ejectionMaxMs: number;
  /** Of the targets, in percent: beyond it nobody else is left out. */
  readonly ejectedMaxPercent: number;
}

/** Calls to an upstream that fails are refused at once, but for a few that try it. */
export interface BreakerRecord {
  /** Failures among the calls of the last `windowMs`, in percent, at which it opens. */
  readonly failuresMaxPercent: number;
  readonly windowMs: number;
  /** Calls in the window below which it stays closed. */
  readonly requestsMin: number;
  readonly openMs: number;
  /** Calls in flight that try it while it is half open. */
  readonly trialsMax: number;
}

export const RETRY_CAUSES = ['unreachable', 'timeout', 'protocol', 'status-502-503-504'] as const;
export type RetryCause = (typeof RETRY_CAUSES)[number];

/** How many requests may be sent beside the first ones of calls, per front. */
export interface SendBudgetTerms {
  /** Beside calls, in percent. */
  readonly budgetPercent: number;
  /** A second, beside that share, so that little traffic has some as well. */
  readonly budgetMinPerSecond: number;
}

/** Safe methods are sent again; any other only where the call has not left the gateway. */
export interface RetryRecord extends SendBudgetTerms {
  readonly attemptsMax: number;
  readonly on: readonly RetryCause[];
}

/** A safe call that waits long is sent to a second target as well; the first answer counts. */
export interface HedgingRecord extends SendBudgetTerms {
  readonly afterMs: number;
}

export const BALANCING = ['least-request', 'weighted'] as const;
export type Balancing = (typeof BALANCING)[number];

/** How calls are spread over the targets of an upstream, and what is done about those that fail. */
export interface UpstreamResilience {
  /**
   * `least-request`: of two targets drawn by weight the one with fewer calls in flight for its
   * weight; `weighted`: in turns by weight.
   */
  readonly balancing: Balancing;
  /** Calls in flight to all targets, per front; beyond it `upstream-saturated`. */
  readonly requestsMax: number;
  /** How long the share of a target that is new or comes back grows to its weight; 0 is at once. */
  readonly slowStartMs: number;
  readonly health: HealthCheckRecord | undefined;
  readonly outlier: OutlierRecord | undefined;
  readonly breaker: BreakerRecord | undefined;
  readonly retry: RetryRecord | undefined;
  readonly hedging: HedgingRecord | undefined;
}

export interface UpstreamRecord {
  readonly id: string;
  /** At least one. */
  readonly targets: readonly UpstreamTarget[];
  readonly tls: UpstreamTlsRecord | undefined;
  readonly connectionsMax: number;
  /** Requests that may wait for a connection; beyond it `upstream-saturated`. */
  readonly queueMax: number;
  /** Requests in flight per connection for safe methods; 1 switches pipelining off. */
  readonly pipeliningMax: number;
  readonly connectTimeoutMs: number;
  /** From the request's last byte to the answer's head. */
  readonly responseTimeoutMs: number;
  /** Longest pause inside an answer's body. */
  readonly bodyIdleTimeoutMs: number;
  /** How long an unused connection is kept. */
  readonly keepAliveMs: number;
  readonly responseHeadMaxBytes: number;
  readonly resilience: UpstreamResilience;
}
