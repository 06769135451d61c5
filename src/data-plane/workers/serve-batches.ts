import type { MessagePort } from 'node:worker_threads';
import { isMixed } from './batch-codec.ts';
import type { BatchFailure, MixedBatch, ReturnedBatch, ToWorker } from './worker-messages.ts';

export interface BatchRunners {
  checks(buffer: ArrayBuffer): ArrayBuffer;
  mixed(batch: MixedBatch): Promise<ReturnedBatch>;
}

/**
 * The standing task of a worker: runs each batch that comes over `port` and sends its buffer back,
 * until the port closes. A front sends the next batch when it has this one back.
 */
export function serveBatches(port: MessagePort, runners: BatchRunners): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  port.on('message', (message: ToWorker) => {
    if (!(message instanceof ArrayBuffer)) serveMixed(port, message, runners);
    else if (isMixed(message)) serveMixed(port, alone(message), runners);
    else serveChecks(port, message, runners);
  });
  port.on('close', () => resolve());
  return promise;
}

function alone(buffer: ArrayBuffer): MixedBatch {
  return { buffer, attachments: [], added: [], dropped: [] };
}

function serveMixed(port: MessagePort, batch: MixedBatch, { mixed }: BatchRunners): void {
  mixed(batch).then(
    returned => giveBack(port, returned),
    error => tellFailure(port, error),
  );
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

function giveBack(port: MessagePort, returned: ReturnedBatch): void {
  if (returned instanceof ArrayBuffer) port.postMessage(returned, [returned]);
  else port.postMessage(returned, [returned.buffer, returned.outputs]);
}

function tellFailure(port: MessagePort, error: unknown): void {
  const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
  port.postMessage({ failed } satisfies BatchFailure);
}
