import type { MessagePort } from 'node:worker_threads';

/** Comes back for a batch whose code threw: a bug, which costs the batch and not the worker. */
export interface BatchFailure {
  readonly failed: string;
}

/**
 * The standing task of a worker: runs each batch that comes over `port` and sends its buffer back,
 * until the port closes.
 */
export function serveBatches(
  port: MessagePort,
  run: (buffer: ArrayBuffer) => ArrayBuffer,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  port.on('message', (buffer: ArrayBuffer) => {
    let returned: ArrayBuffer;
    try {
      returned = run(buffer);
    } catch (error) {
      const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
      port.postMessage({ failed } satisfies BatchFailure);
      return;
    }
    port.postMessage(returned, [returned]);
  });
  port.on('close', () => resolve());
  return promise;
}
