/** One target of an upstream as a front thread calls it; it outlives the records that name it. */
import type { Problem } from '../../core/problems.ts';
import type { UpstreamClient } from './client.ts';

/** Of one upstream in this front, whatever its targets are. */
export interface UpstreamLoad {
  callsInFlight: number;
}

export interface TargetClientParts {
  readonly client: UpstreamClient;
  /** The Host field's value: the port is left out where it is the scheme's own. */
  readonly host: string;
  readonly load: UpstreamLoad;
  /** Monotonic milliseconds since which its upstream has it; 0 where it always had. */
  readonly sinceMs: number;
}

export class TargetClient {
  readonly client: UpstreamClient;
  readonly host: string;
  readonly load: UpstreamLoad;
  readonly sinceMs: number;
  /** Itself, or the target of which this is the trial. */
  readonly base: TargetClient;
  /** Calls that it was chosen for and that are not settled; the directory counts them. */
  callsInFlight = 0;
  /** It takes no calls any more. */
  isClosed = false;
  private ownTrial: TargetClient | undefined = undefined;

  constructor(parts: TargetClientParts, base?: TargetClient) {
    this.client = parts.client;
    this.host = parts.host;
    this.load = parts.load;
    this.sinceMs = parts.sinceMs;
    this.base = base ?? this;
  }

  get isTrial(): boolean {
    return this.base !== this;
  }

  /**
   * The same target for a call that tries an upstream whose circuit is half open: a call that was
   * under way before must not be taken for one when it is settled.
   */
  get trial(): TargetClient {
    this.ownTrial ??= new TargetClient(this, this);
    return this.ownTrial;
  }
}

export function isTarget(chosen: TargetClient | Problem): chosen is TargetClient {
  return (chosen as TargetClient).client !== undefined;
}
