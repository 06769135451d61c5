/** Keys of calls: where they are kept, and what is logged about it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { Config } from './core/config.ts';
import { type IdempotencyData, IdempotencyHost } from './runtime/idempotency-host.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

/** In stateDir. */
const KEYS_FILE = 'idempotency.sqlite';

export interface GatewayIdempotencyOptions {
  readonly config: Config;
  readonly log: ProcessLog;
  readonly onRestarted: () => void;
}

export class GatewayIdempotency {
  private readonly host: IdempotencyHost;

  constructor({ config, log, onRestarted }: GatewayIdempotencyOptions) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const { retentionMs, keysMax } = config.idempotency;
    this.host = new IdempotencyHost({
      data: { place: placeOf(config), retentionMs, keysMax },
      entry: new URL(`./idempotency-thread.${extension}`, import.meta.url),
      onRestarted,
      onState: reason => {
        if (reason === undefined) log.info('Idempotency keys can be kept again.');
        else log.error({ reason }, 'Idempotency keys cannot be kept: calls with one are refused.');
      },
    });
  }

  /** @throws Error whose message is one sentence for the operator */
  start(): Promise<void> {
    return this.host.start();
  }

  connectFront(): MessagePort {
    return this.host.connectFront();
  }

  close(): Promise<void> {
    return this.host.close();
  }
}

function placeOf({ stateDir, idempotency }: Config): IdempotencyData['place'] {
  const { store, postgresUrlFile, storeTimeoutMs: timeoutMs } = idempotency;
  if (store === 'sqlite') return { store, path: join(stateDir, KEYS_FILE) };
  return { store, url: readFileSync(postgresUrlFile!, 'utf8').trim(), timeoutMs };
}
