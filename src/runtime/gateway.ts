import type { PlaceBeside } from './gateway-messages.ts';

/** A gateway that runs in this process. */
export interface Gateway {
  readonly url: string;
  readonly adminUrl: string;
  /** Undefined where no console is served. */
  readonly consoleUrl: string | undefined;
  /**
   * True when a partner's call would succeed, which after a strict start takes clockSkewMs; false
   * when the gateway was stopped before.
   */
  readonly ready: Promise<boolean>;
  /** Reads the registry again and publishes it; the old one stays where the new one is refused. */
  reload(): void;
  /** Finishes what is in flight and closes everything. A second call waits for the first. */
  stop(): Promise<void>;
  /**
   * Makes room for another process beside this one: what both write is not written here any more,
   * and this one is asked for nonces.
   *
   * @throws Error where this one still depends on the one that it replaced
   */
  yield(): Promise<PlaceBeside>;
  /** The other process has failed. */
  resume(): void;
  /** The other process serves: takes no more connections, and ends with the last. */
  retire(): Promise<void>;
}
