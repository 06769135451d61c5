/**
 * The nonces of this host: in a table of this process, or asked of the process that it replaces
 * until that one has ended.
 */
import { readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock } from './core/clock.ts';
import type { Config } from './core/config.ts';
import { CounterSet } from './core/counters.ts';
import type { PlaceBeside } from './runtime/gateway-messages.ts';
import { NonceAuthority } from './stores/handover/nonce-authority.ts';
import {
  createSharedNonceStore,
  type NonceShared,
  type NonceState,
  openNonceState,
} from './stores/shared-memory/index.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

export interface GatewayNoncesOptions {
  readonly config: Config;
  readonly log: ProcessLog;
  /** Socket of the process that this one replaces; undefined where there is none. */
  readonly beside: string | undefined;
  /** That process has ended, and its nonces are in a table of this one. */
  readonly onTakenOver: (shared: NonceShared) => void;
  /** They could not be had: this process cannot serve. */
  readonly onFailed: (error: Error) => void;
}

/**
 * Nobody would know all nonces of the time in which one process asks Redis and the other does not.
 *
 * @throws Error with the way out
 */
export function requireSameNonces({ signatures }: Config, { nonceStore }: PlaceBeside): void {
  if (signatures.nonceStore === nonceStore) return;
  throw new Error(
    `signatures.nonceStore is ${nonceStore} in the gateway that serves, and is not changed by a ` +
      'reload: stop the gateway and start it',
  );
}

/** The one that ends lets go of the file and then of the socket, or of both at once. */
const LOCK_WAIT_MS = 5_000;
/** In stateDir; by process, so that one that ends never takes away that of the next. */
const SOCKET_PREFIX = 'nonces-';

export class GatewayNonces {
  private readonly options: GatewayNoncesOptions;
  private state: NonceState | undefined;
  private authority: NonceAuthority | undefined;
  private watch: Socket | undefined;
  private isClosed = false;

  constructor(options: GatewayNoncesOptions) {
    this.options = options;
  }

  /** @throws NonceStateError where the state cannot be had */
  open(): void {
    const { beside } = this.options;
    if (beside === undefined) this.state = this.openState(0);
    else this.watchOther(beside);
  }

  /** What fronts are given: the table, or where to ask. */
  get shared(): NonceShared | string {
    return this.state?.shared ?? this.options.beside!;
  }

  /** 0 as long as another process knows all of them. */
  get acceptCreatedAfterMs(): number {
    return this.state?.acceptCreatedAfterMs ?? 0;
  }

  get persistent(): boolean {
    return this.state?.persistent ?? true;
  }

  /** Whether this process can be asked by one that replaces it. */
  get isOwn(): boolean {
    return this.state !== undefined;
  }

  /** From now on another process may ask. @returns the path of the socket */
  async share(): Promise<string> {
    if (this.authority === undefined) {
      const path = join(this.options.config.stateDir, `${SOCKET_PREFIX}${process.pid}.sock`);
      const nonces = createSharedNonceStore(this.state!.shared, {
        clock: systemClock,
        counters: new CounterSet(),
      });
      this.authority = await NonceAuthority.listen(path, nonces);
    }
    return this.authority.path;
  }

  stopSharing(): Promise<void> {
    const { authority } = this;
    this.authority = undefined;
    authority?.stop();
    return authority?.close() ?? Promise.resolve();
  }

  /** In this order: nothing is claimed, the file is let go of, and who waits for it is told. */
  async close(): Promise<void> {
    const { authority } = this;
    const isHandedOver = authority?.isAsked ?? false;
    this.isClosed = true;
    this.watch?.destroy();
    authority?.stop();
    try {
      this.state?.close({ isHandedOver });
    } finally {
      await authority?.close();
    }
  }

  private watchOther(path: string): void {
    const socket = connect(path);
    this.watch = socket;
    // Its process has ended or died: `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', () => this.takeOver());
    socket.resume();
  }

  private takeOver(): void {
    if (this.isClosed) return;
    const { onFailed, onTakenOver } = this.options;
    try {
      this.state = this.openState(LOCK_WAIT_MS);
    } catch (error) {
      return onFailed(error as Error);
    }
    onTakenOver(this.state.shared);
  }

  private openState(lockWaitMs: number): NonceState {
    const { config, log } = this.options;
    const { noncesMax, createdMaxAgeMs, clockSkewMs } = config.signatures;
    const state = openNonceState({
      ...{ stateDir: config.stateDir, noncesMax, createdMaxAgeMs, clockSkewMs, lockWaitMs },
      clock: systemClock,
    });
    clearSockets(config.stateDir);
    const { startReason: reason, acceptCreatedAfterMs: untilMs } = state;
    if (reason !== 'loaded' && reason !== 'new') {
      const message = 'The nonce state cannot be trusted: signatures made before now are refused.';
      log.warn({ reason, untilMs }, message);
    }
    return state;
  }
}

/** Of processes that were killed; call it under the lock of the folder. */
function clearSockets(stateDir: string): void {
  for (const name of readdirSync(stateDir)) {
    if (name.startsWith(SOCKET_PREFIX) && name.endsWith('.sock')) rmSync(join(stateDir, name));
  }
}
