/** What a front thread asks of main: the answer is for it alone, one in its place never asked. */
import type { Worker } from 'node:worker_threads';
import type { FromFront, ToFront } from '../data-plane/front-messages.ts';
import type { FrontThreadsOptions } from './front-threads-options.ts';

type Message<Kind> = Extract<FromFront<unknown>, { kind: Kind }>;

export function askReplay(
  worker: Worker,
  { ask, request }: Message<'replay'>,
  { onReplay }: Pick<FrontThreadsOptions, 'onReplay'>,
): void {
  onReplay(request, page => {
    worker.postMessage({ kind: 'replayed', ask, page } satisfies ToFront);
  });
}

export function askAuthorization(
  worker: Worker,
  { ask, request }: Message<'authorization'>,
  { onAuthorization }: Pick<FrontThreadsOptions, 'onAuthorization'>,
): void {
  onAuthorization?.(request, reply => {
    worker.postMessage({ kind: 'authorized', ask, reply } satisfies ToFront);
  });
}
