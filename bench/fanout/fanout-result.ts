/** What bench:fanout found, as `--json` writes it. Milliseconds, bytes in MB. */
import type { Spread } from '../compare/spread.ts';
import type { Environment } from '../rig/environment.ts';
import type { PercentilesMs } from '../rig/latency-histogram.ts';

export interface FanoutOptions {
  /** Sessions that read every event. */
  readonly subscribers: number;
  /** Further ones that have subscribed and read nothing. */
  readonly silent: number;
  /** Events of each phase, one after the other. */
  readonly events: number;
  /** Of an event's data. */
  readonly eventBytes: number;
  /** Between two publications, where the last one has arrived everywhere by then. */
  readonly intervalMs: number;
  /** Calls a second beside the events, and the sessions that make them. */
  readonly callRate: number;
  readonly callers: number;
  readonly seed: number;
}

/** From the publication of each event until it came to subscribers. */
export interface EventFigures {
  readonly events: number;
  readonly deliveries: number;
  /** Until the last subscriber had it; of each event, and what these are together. */
  readonly lastOfEachMs: readonly number[];
  readonly lastMs: Spread;
  /** Until a subscriber had it, all events and subscribers together. */
  readonly arrival: PercentilesMs;
  /** Until the publisher had its answer. */
  readonly acknowledgedMs: Spread;
}

/** CPU for each delivery, while nothing but events was under way. */
export interface DeliveryCpu {
  /** Of the whole gateway, and what of it its fronts used. */
  readonly gatewayMicros: number;
  readonly frontMicros: number;
  /** Of the process that has the subscribers: it reads while the gateway writes. */
  readonly subscriberMicros: number;
  /**
   * Share of all cores' time that neither of the two accounts for; of it some 0.03 are the hiccup
   * meter and the publisher.
   */
  readonly othersShare: number;
}

export interface CallFigures {
  readonly requests: number;
  readonly answered: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly missedSends: number;
  /** From the intended send time, as in bench:load. */
  readonly latency: PercentilesMs;
  readonly generatorLag: PercentilesMs;
  readonly generatorHiccup: PercentilesMs;
}

export interface MemoryFigures {
  /** Resident memory of the gateway process. */
  readonly rssMb: number;
  /** What it counts as waiting for peers (`websocket_send_buffered_bytes`). */
  readonly waitingMb: number;
  /** Of the kernel, for all TCP sockets of the machine (/proc/net/sockstat). */
  readonly kernelSocketsMb: number;
}

/** All that is measured with one set of sessions. */
export interface FanoutPhase {
  /** When all its sessions were there and nothing was sent yet, and at its end. */
  readonly memoryBefore: MemoryFigures;
  readonly memoryAfter: MemoryFigures;
  readonly events: EventFigures;
  readonly deliveryCpu: DeliveryCpu;
  /** Calls without events, and both beside each other. */
  readonly calls: CallFigures;
  readonly callsBesideEvents: CallFigures;
  readonly eventsBesideCalls: EventFigures;
  /** Pages of the journal that sessions were given in all of it: none, where all goes well. */
  readonly replays: number;
  /** How late an idle timer beside the gateway fired in all of it. */
  readonly hiccup: PercentilesMs;
}

export interface SilentFigures {
  /** Events of 60,000 bytes that it took until all of them were behind. */
  readonly floodEvents: number;
  /** Of those that read nothing, by the gateway, when the phase with them had ended. */
  readonly stillOpen: number;
  readonly memoryWithout: MemoryFigures;
  readonly memoryBehind: MemoryFigures;
  /** When they had gone. */
  readonly memoryGone: MemoryFigures;
}

export interface FanoutResult extends FanoutOptions {
  readonly name: 'fanout';
  /** ISO 8601. */
  readonly startedAt: string;
  /** Every option of the gateway's configuration whose value is not the product's default. */
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
  readonly memoryEmpty: MemoryFigures;
  readonly readersOnly: FanoutPhase;
  /** Undefined where nobody was to be silent. */
  readonly withSilent: FanoutPhase | undefined;
  readonly silentFigures: SilentFigures | undefined;
  /** Of all subscribers that read: what came twice, out of order or was no event; 0 or a fault. */
  readonly faults: number;
  /** Subscribers that read and were lost, by how; empty or a fault. */
  readonly closed: Readonly<Record<string, number>>;
  readonly environment: Environment;
  readonly commit: string;
}
