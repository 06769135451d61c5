/**
 * Every counter and gauge that a front thread keeps, as one table.
 *
 * The values live in a SharedArrayBuffer that only its front writes and the main thread reads at
 * any time: 64-bit aligned stores do not tear, so neither side takes a lock or sends a message.
 */
interface CounterDefinition {
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
}

const DEFINITIONS = {
  connections_open: { kind: 'gauge', help: 'Partner connections that are open.' },
  connections_accepted: { kind: 'counter', help: 'Partner connections accepted.' },
  connections_refused: { kind: 'counter', help: 'Connections refused by a connection limit.' },
  exchanges_in_flight: { kind: 'gauge', help: 'Exchanges between arrival and record.' },
  exchanges: { kind: 'counter', help: 'Exchanges recorded, refused ones included.' },
  exchanges_aborted: {
    kind: 'counter',
    help: 'Exchanges whose peer left before the answer ended.',
  },
  exchanges_refused_source: {
    kind: 'counter',
    help: 'Exchanges refused by activePerSourceMax.',
  },
  exchanges_shed: { kind: 'counter', help: 'Exchanges refused by exchangesInFlightMax.' },
  body_bytes_buffered: { kind: 'gauge', help: 'Bytes of bodies held in memory.' },
  bodies_refused_size: { kind: 'counter', help: 'Bodies beyond bodyMaxBytes.' },
  bodies_refused_memory: { kind: 'counter', help: 'Bodies refused by bodiesBufferedMaxBytes.' },
  bodies_timed_out: { kind: 'counter', help: 'Bodies that did not arrive within bodyTimeoutMs.' },
  request_bytes: { kind: 'counter', help: 'Request body bytes received.' },
  response_bytes: { kind: 'counter', help: 'Response body bytes sent.' },
  respond_timed_out: { kind: 'counter', help: 'Answers cut because the peer did not read them.' },
  nonces_replayed: {
    kind: 'counter',
    help: 'Signatures refused because the nonce was seen before.',
  },
  tokens_checked: { kind: 'counter', help: 'Access tokens whose signature was checked.' },
  tokens_remembered: {
    kind: 'counter',
    help: 'Calls with an access token that was checked before.',
  },
  nonces_store_full: {
    kind: 'counter',
    help: 'Signatures refused because the nonce store is full.',
  },
  nonces_persist_failed: {
    kind: 'counter',
    help: 'Nonces that could not be written to the state file.',
  },
  verify_inline: { kind: 'counter', help: 'Checks done on the front thread.' },
  verify_pooled: { kind: 'counter', help: 'Checks done by a worker.' },
  conversions_inline: { kind: 'counter', help: 'Conversions done on the front thread.' },
  conversions_pooled: { kind: 'counter', help: 'Conversions done by a worker.' },
  conversions_refused: { kind: 'counter', help: 'Conversions whose input was at fault.' },
  conversions_input_lost: {
    kind: 'counter',
    help: 'Conversions failed because their input was with a worker that was lost.',
  },
  conversions_failed: { kind: 'counter', help: 'Conversions that could not be carried out.' },
  conversions_saturated: {
    kind: 'counter',
    help: 'Conversions refused because the queue was full.',
  },
  verify_saturated: { kind: 'counter', help: 'Checks refused because the queue was full.' },
  verify_queue_length: { kind: 'gauge', help: 'Checks waiting for a worker.' },
  verify_batches: { kind: 'counter', help: 'Batches sent to workers.' },
  verify_batches_retried: { kind: 'counter', help: 'Batches run again after a worker was lost.' },
  verify_items_poisoned: {
    kind: 'counter',
    help: 'Checks that ended a worker twice and failed alone.',
  },
  signatures_refused_failures: {
    kind: 'counter',
    help: 'Calls refused unchecked because signatures of their source had failed too often.',
  },
  overload_in_flight_limit: {
    kind: 'gauge',
    help: 'Calls that may be in flight, by how long they wait; of all fronts together.',
  },
  calls_shed_low: { kind: 'counter', help: 'Calls of low priority refused in an overload.' },
  calls_shed_normal: { kind: 'counter', help: 'Calls of normal priority refused in an overload.' },
  calls_shed_high: { kind: 'counter', help: 'Calls of high priority refused in an overload.' },
  calls_refused_blocked: {
    kind: 'counter',
    help: 'Calls refused because their source is blocked.',
  },
  calls_refused_source_rate: {
    kind: 'counter',
    help: 'Calls refused because their source came too fast.',
  },
  calls_refused_rate: { kind: 'counter', help: 'Calls refused because a rate was used up.' },
  calls_refused_quota: { kind: 'counter', help: 'Calls refused because a quota was used up.' },
  calls_refused_concurrency: {
    kind: 'counter',
    help: 'Calls refused because as many as were agreed were in flight.',
  },
  idempotency_claims: { kind: 'counter', help: 'Idempotency keys that came for the first time.' },
  idempotency_replays: { kind: 'counter', help: 'Calls that got the answer kept of the first.' },
  idempotency_refusals: { kind: 'counter', help: 'Calls refused because of their key.' },
  idempotency_outcomes_lost: {
    kind: 'counter',
    help: 'Calls with a key whose outcome will not be known.',
  },
  idempotency_answers_lost: {
    kind: 'counter',
    help: 'Answers that left without having been kept.',
  },
  limits_sharing_cells: {
    kind: 'counter',
    help: 'Limits that found no cell of their own: policy.limitsMax is small.',
  },
  limits_decided_by_host: {
    kind: 'counter',
    help: 'Calls held to their limits by this host alone, because Redis did not answer.',
  },
  limits_refused_unasked: {
    kind: 'counter',
    help: 'Calls refused by a limit that Redis had just found used up, without asking it again.',
  },
  nonces_unavailable: {
    kind: 'counter',
    help: 'Signatures refused because Redis could not be asked for their nonce.',
  },
  redis_connected: { kind: 'gauge', help: 'Fronts whose connection to Redis is there.' },
  redis_connections_lost: { kind: 'counter', help: 'Connections to Redis that ended or failed.' },
  redis_timeouts: { kind: 'counter', help: 'Connections given up after redis.timeoutMs.' },
  redis_round_trips: { kind: 'counter', help: 'Batches that were sent to Redis.' },
  redis_batch_items: { kind: 'counter', help: 'Calls and nonces in batches sent to Redis.' },
  memory_short: {
    kind: 'gauge',
    help: '1 while memory is short: bodies above 16 KiB and sessions are refused.',
  },
  quotas_write_failed: { kind: 'counter', help: 'Writes of the quota file that failed.' },
  upstream_calls_sent_again: {
    kind: 'counter',
    help: 'Calls sent to a target once more after a failure, by `retry` of their upstream.',
  },
  upstream_retries_over_budget: {
    kind: 'counter',
    help: 'Failed calls that were not sent again because too many had been.',
  },
  upstream_calls_hedged: {
    kind: 'counter',
    help: 'Calls sent to a second target because the first was slow, by `hedging`.',
  },
  upstream_hedges_won: {
    kind: 'counter',
    help: 'Calls that the second target answered first.',
  },
  upstream_hedges_over_budget: {
    kind: 'counter',
    help: 'Slow calls that were not sent to a second target because too many had been.',
  },
  upstream_connections_open: { kind: 'gauge', help: 'Connections to upstreams.' },
  upstream_connections_opened: { kind: 'counter', help: 'Connections to upstreams made.' },
  upstream_requests_queued: { kind: 'gauge', help: 'Requests waiting for an upstream connection.' },
  upstream_queue_refused: { kind: 'counter', help: 'Requests refused by an upstream queue limit.' },
  upstream_retries: { kind: 'counter', help: 'Requests sent again after a keep-alive race.' },
  upstream_timeouts: { kind: 'counter', help: 'Upstream connect, response or idle timeouts.' },
  upstream_protocol_errors: { kind: 'counter', help: 'Upstream answers that broke HTTP/1.1.' },
  upstream_requests_refused: {
    kind: 'counter',
    help: 'Calls refused by requestsMax of an upstream.',
  },
  upstream_circuits_opened: { kind: 'counter', help: 'Times that a circuit breaker opened.' },
  upstream_circuit_refused: { kind: 'counter', help: 'Calls refused by an open circuit breaker.' },
  upstream_ejections: { kind: 'counter', help: 'Times that a target was left out as an outlier.' },
  upstream_ejections_capped: {
    kind: 'counter',
    help: 'Failures that would have left out a target, but for ejectedMaxPercent.',
  },
  upstream_panics: {
    kind: 'counter',
    help: 'Calls sent to a target that is left out, because all of them are.',
  },
  upstream_targets_down: { kind: 'gauge', help: 'Targets that their health checks found down.' },
  upstream_checks: { kind: 'counter', help: 'Health checks of targets that have ended.' },
  upstream_checks_failed: { kind: 'counter', help: 'Health checks that found something wrong.' },
  upstream_checks_deferred: {
    kind: 'counter',
    help: 'Health checks that waited because too many were under way.',
  },
  upstream_health_unshared: {
    kind: 'counter',
    help: 'Targets and circuits with no place in the table that fronts share.',
  },
  websocket_sessions_open: { kind: 'gauge', help: 'WebSocket sessions.' },
  websocket_sessions_opened: { kind: 'counter', help: 'WebSocket sessions opened.' },
  websocket_sessions_closed: { kind: 'counter', help: 'Sessions that the gateway closed.' },
  websocket_sessions_revoked: {
    kind: 'counter',
    help: 'Sessions closed because their key or app was not active any more.',
  },
  websocket_messages_received: { kind: 'counter', help: 'Messages on sessions.' },
  websocket_messages_invalid: { kind: 'counter', help: 'Messages that were no JSON-RPC.' },
  websocket_messages_rate_limited: { kind: 'counter', help: 'Messages beyond the rate of an app.' },
  websocket_events_sent: { kind: 'counter', help: 'Events sent to subscribers.' },
  websocket_events_deferred: {
    kind: 'counter',
    help: 'Events left in the journal because the subscriber did not read.',
  },
  websocket_send_buffered_bytes: { kind: 'gauge', help: 'Bytes that wait for slow peers.' },
  websocket_slow_consumers_closed: {
    kind: 'counter',
    help: 'Sessions closed because they read too slowly.',
  },
  access_log_dropped: {
    kind: 'counter',
    help: 'Access records dropped because the buffer was full.',
  },
  access_log_write_failed: {
    kind: 'counter',
    help: 'Writes of the access log that failed, retries included.',
  },
  observations_dropped: {
    kind: 'counter',
    help: 'Calls of certification runs that were not told, because enough of their run were.',
  },
  alert_notifications_sent: { kind: 'counter', help: 'Alerts that the webhook took.' },
  alert_notifications_retried: {
    kind: 'counter',
    help: 'Attempts to send an alert to the webhook after a vain one.',
  },
  alert_notifications_dropped: {
    kind: 'counter',
    help: 'Alerts that the webhook refused or never took, or that found no room in the queue.',
  },
  trace_calls_dropped: {
    kind: 'counter',
    help: 'Sampled calls dropped because the main thread had too many to take.',
  },
  trace_spans_exported: { kind: 'counter', help: 'Spans that the collector has taken.' },
  trace_spans_dropped: {
    kind: 'counter',
    help: 'Spans dropped because the collector did not take them, or bufferMaxSpans waited.',
  },
  trace_spans_buffered: { kind: 'gauge', help: 'Spans that wait for the collector.' },
  trace_exports_failed: { kind: 'counter', help: 'Batches of spans given up.' },
  operation_histograms_folded: {
    kind: 'counter',
    help: 'Recordings folded into "other" by operationHistogramsMax.',
  },
  events_published: { kind: 'counter', help: 'Events appended to the journal.' },
  events_duplicate: { kind: 'counter', help: 'Events that the journal had already.' },
  events_publish_failed: { kind: 'counter', help: 'Events that the journal could not take.' },
  events_forgotten: {
    kind: 'counter',
    help: 'Events let go of by journalMaxEvents and journalMaxBytes.',
  },
  event_publications_refused: {
    kind: 'counter',
    help: 'Publications refused for their token, form, size or registry.',
  },
  event_commits: { kind: 'counter', help: 'Transactions of the event journal.' },
  event_commit_seconds: { kind: 'counter', help: 'Time in transactions of the event journal.' },
  event_journal_events: { kind: 'gauge', help: 'Events in the journal.' },
  event_journal_bytes: { kind: 'gauge', help: 'Bytes of the events in the journal.' },
  event_replays: { kind: 'counter', help: 'Pages of the journal read for sessions.' },
  event_replays_expired: {
    kind: 'counter',
    help: 'Pages refused because the journal had let go of an event.',
  },
  event_replays_failed: { kind: 'counter', help: 'Pages that could not be read.' },
  event_replays_deferred: { kind: 'counter', help: 'Pages put off because too many wait.' },
  event_replays_queued: { kind: 'gauge', help: 'Requests for pages that wait.' },
  events_replayed: { kind: 'counter', help: 'Events read for sessions.' },
} as const satisfies Record<string, CounterDefinition>;

export type CounterName = keyof typeof DEFINITIONS;

export const COUNTERS: Readonly<Record<CounterName, CounterDefinition>> = DEFINITIONS;
export const COUNTER_NAMES = Object.keys(DEFINITIONS) as CounterName[];

const INDEX = Object.fromEntries(COUNTER_NAMES.map((name, index) => [name, index])) as Record<
  CounterName,
  number
>;

export class CounterSet {
  readonly buffer: SharedArrayBuffer;
  private readonly values: Float64Array;

  constructor(buffer = new SharedArrayBuffer(COUNTER_NAMES.length * 8)) {
    this.buffer = buffer;
    this.values = new Float64Array(buffer);
  }

  add(name: CounterName, amount = 1): void {
    this.values[INDEX[name]]! += amount;
  }

  set(name: CounterName, value: number): void {
    this.values[INDEX[name]] = value;
  }

  get(name: CounterName): number {
    return this.values[INDEX[name]]!;
  }
}
