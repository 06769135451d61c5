import type { MessagePort } from 'node:worker_threads';
import type { BatchFailure, ConvertedBatch, MixedBatch, ToWorker } from './worker-messages.ts';

export interface BatchRunners {
  checks(buffer: ArrayBuffer): ArrayBuffer;
  mixed(batch: MixedBatch): Promise<ConvertedBatch>;
}

/**
 * The standing task of a worker: runs each batch that comes over `port` and sends its buffer back,
 * until the port closes. A front sends the next batch when it has this one back.
 */
export function serveBatches(port: MessagePort, runners: BatchRunners): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  port.on('message', (message: ToWorker) => {
    if (message instanceof ArrayBuffer) return serveChecks(port, message, runners);
    runners.mixed(message).then(
      returned => port.postMessage(returned, [returned.buffer, returned.outputs]),
      error => tellFailure(port, error),
    );
  });
  port.on('close', () => resolve());
  return promise;
}

function serveChecks(port: MessagePort, buffer: ArrayBuffer, { checks }: BatchRunners): void {
  let returned: ArrayBuffer;
  try {
    returned = checks(buffer);
  } catch (error) {
    return tellFailure(port, error);
  }
  port.postMessage(returned, [returned]);
}

function tellFailure(port: MessagePort, error: unknown): void {
  const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
  port.postMessage({ failed } satisfies BatchFailure);
}
