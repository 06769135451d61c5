/**
 * Asks again and again where the registry is. Notifications are quicker, but a connection that is
 * cut somewhere on its way is silent, and so is a database that was set back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RegistryHead } from '../registry-contract.ts';

export interface HeadPollOptions {
  readonly intervalMs: number;
  /** Must end by itself within a short while. */
  readonly ask: () => Promise<RegistryHead>;
  readonly onAnswer: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class HeadPoll {
  private readonly options: HeadPollOptions;
  private readonly stopping = new AbortController();
  private listener: () => void = () => undefined;
  private running: Promise<void> | undefined;
  /** Where the process knows the registry to be, or was told that it is. */
  private known: RegistryHead | undefined;

  constructor(options: HeadPollOptions) {
    this.options = options;
  }

  /** What the process has learnt by itself is no news. */
  note(head: RegistryHead): void {
    this.known = head;
  }

  /** Calls it once for each head that the process does not know. */
  listen(listener: () => void): void {
    this.listener = listener;
    this.running ??= this.run();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { intervalMs, onAnswer, onFailure } = this.options;
    while (!signal.aborted) {
      await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.look();
        onAnswer();
      } catch (error) {
        if (!signal.aborted) onFailure(error);
      }
    }
  }

  private async look(): Promise<void> {
    const { known } = this;
    const head = await this.options.ask();
    // The answer may be older than what the process has learnt meanwhile.
    if (this.known !== known || this.stopping.signal.aborted) return;
    this.known = head;
    if (known !== undefined && !isSame(known, head)) this.listener();
  }
}

function isSame(a: RegistryHead, b: RegistryHead): boolean {
  return a.revision === b.revision && a.auditHead.hash === b.auditHead.hash;
}
