/** What a gateway process and its supervisor say to each other. */

export interface GatewayReady {
  readonly kind: 'ready';
  readonly url: string;
  readonly adminUrl: string;
  /** Absent where no console is served. */
  readonly consoleUrl?: string | undefined;
}
export interface GatewayFailed {
  readonly kind: 'failed';
  readonly message: string;
}

/** What one that replaces nobody says. */
export type StartAnswer = GatewayReady | GatewayFailed;

export type FromGateway =
  | StartAnswer
  /** One that replaces another: its configuration can be used, and it waits for `go`. */
  | { readonly kind: 'standby' }
  /** Changes of what both have open are refused from now on, and its nonces can be asked for. */
  | { readonly kind: 'yielded'; readonly place: PlaceBeside }
  /** It cannot, and goes on as before. */
  | { readonly kind: 'not-yielded'; readonly reason: string };

/** Where the gateway that is replaced listens, and where it is asked for nonces. */
export interface PlaceBeside {
  readonly listenerPort: number;
  readonly adminPort: number;
  /** Path of a Unix socket. */
  readonly nonceSocket: string;
  /** Its `signatures.nonceStore`. */
  readonly nonceStore: string;
}

export type ToGateway =
  /** Another process is about to take its place. */
  | { readonly kind: 'yield' }
  /** The other one has failed: everything as before. */
  | { readonly kind: 'resume' }
  /** The other one serves: take no more connections, end with the last. */
  | { readonly kind: 'retire' }
  /** Start beside a gateway that has yielded; alone where it has ended meanwhile. */
  | { readonly kind: 'go'; readonly beside: PlaceBeside | undefined };
