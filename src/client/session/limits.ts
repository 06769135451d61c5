/** Every bound of a session, with its default. */

export interface SessionLimits {
  /** Calls that await their answer; the gateway's is `webSocket.messagesInFlightMax`. */
  readonly callsInFlightMax: number;
  /** Calls that wait for a place among those; beyond it `too-many-waiting`. */
  readonly callsWaitingMax: number;
  /** Calls of one batch; the gateway's is `webSocket.batchMax`. */
  readonly batchMax: number;
  /** Sendings of one call over sessions that were lost, the first included. */
  readonly attemptsMax: number;
  /** Beyond it `message-too-large`; the gateway's is `webSocket.messageMaxBytes`. */
  readonly messageMaxBytes: number;
  /** A message of the gateway beyond this ends the connection. */
  readonly incomingMaxBytes: number;
  /** Bytes that wait for the network before no more calls are written. */
  readonly sendBufferMaxBytes: number;
  /** Topics of one session; the gateway's is `webSocket.subscriptionsMax`. */
  readonly subscriptionsMax: number;
  /** Events of one topic that wait for the consumer; from half of it on reading is paused. */
  readonly eventsWaitingMax: number;
  /** The same in bytes of their messages; of text its length in UTF-16 units is counted. */
  readonly eventsWaitingMaxBytes: number;
  /** Ids of events per topic by which duplicates are told. */
  readonly eventIdsMax: number;
  /** For a call that names none, waiting for a place and for a session included. */
  readonly deadlineMs: number;
  /** From giving a call up to the gateway's answer; then its place is free all the same. */
  readonly cancelGraceMs: number;
  /** From the start of a handshake to the open session. */
  readonly openTimeoutMs: number;
  /** From our close frame to the gateway's; then the connection is cut. */
  readonly closeTimeoutMs: number;
  /** A gateway from which nothing comes for this long, pongs included, is given up. */
  readonly silenceMaxMs: number;
  /** Longest pause in reading: a peer that answers no ping is cut. */
  readonly pauseMaxMs: number;
}

export const SESSION_LIMITS: SessionLimits = {
  callsInFlightMax: 64,
  callsWaitingMax: 1_024,
  batchMax: 32,
  attemptsMax: 3,
  messageMaxBytes: 262_144,
  incomingMaxBytes: 67_108_864,
  sendBufferMaxBytes: 1_048_576,
  subscriptionsMax: 32,
  eventsWaitingMax: 1_024,
  eventsWaitingMaxBytes: 16_777_216,
  eventIdsMax: 4_096,
  deadlineMs: 60_000,
  cancelGraceMs: 5_000,
  openTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
  silenceMaxMs: 30_000,
  pauseMaxMs: 5_000,
};

export interface ReconnectOptions {
  /** Upper bound of the first pause; it doubles with each attempt. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** A longer `Retry-After` of a refused handshake than this ends the session. */
  readonly retryAfterMaxMs: number;
  /** A connection that lasts this long starts the backoff anew. */
  readonly stableMs: number;
  /** After so long without a stable connection the session ends; 0 switches reconnecting off. */
  readonly giveUpMs: number;
}

export const RECONNECT_DEFAULTS: ReconnectOptions = {
  backoffMs: 250,
  backoffMaxMs: 15_000,
  retryAfterMaxMs: 60_000,
  stableMs: 10_000,
  giveUpMs: 600_000,
};

/** What a session has done; a limit that was reached shows here. */
export interface SessionCounters {
  callsSent: number;
  /** Sent again after their connection was lost. */
  callsRepeated: number;
  /** Refused by `callsWaitingMax`. */
  callsNotQueued: number;
  /** Connections opened after one was lost. */
  reconnects: number;
  /** Connections opened because the gateway said `goaway`. */
  moves: number;
  /** Events left out because their id had come before. */
  duplicates: number;
  /** Times that reading was paused because a consumer was slow. */
  pauses: number;
  /** Times that a topic was left at its cursor because a consumer was slow. */
  parkings: number;
  /** Times that the gateway's journal no longer reached back to a cursor. */
  gaps: number;
}

export function noCounts(): SessionCounters {
  return {
    callsSent: 0,
    callsRepeated: 0,
    callsNotQueued: 0,
    reconnects: 0,
    moves: 0,
    duplicates: 0,
    pauses: 0,
    parkings: 0,
    gaps: 0,
  };
}
