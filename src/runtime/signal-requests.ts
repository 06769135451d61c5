/**
 * What signals ask of this process. They may come before anything runs that could do it; the
 * request then waits, instead of the signal ending the process half started.
 */
export interface Controlled {
  /** Asked for more than once where a terminal and a parent both pass a signal on. */
  stop(): void;
  reload(): void;
}

export class SignalRequests {
  private target: Controlled | undefined;
  private stopWanted = false;
  private reloadWanted = false;

  /** From now on SIGTERM and SIGINT stop, and SIGHUP reads the registry again. */
  listen(): this {
    process.on('SIGTERM', () => this.stop());
    process.on('SIGINT', () => this.stop());
    process.on('SIGHUP', () => this.reload());
    return this;
  }

  get stopRequested(): boolean {
    return this.stopWanted;
  }

  stop(): void {
    this.stopWanted = true;
    this.target?.stop();
  }

  reload(): void {
    if (this.target === undefined) this.reloadWanted = true;
    else this.target.reload();
  }

  /** Names who does what is asked for, and hands over what was asked for already. */
  hand(target: Controlled): void {
    this.target = target;
    if (this.stopWanted) target.stop();
    else if (this.reloadWanted) target.reload();
  }
}
