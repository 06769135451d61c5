/**
 * The native part cannot be used on this host. The message is one sentence that names the way out;
 * the command line prints it alone, without a stack, and exits with status 1. Other threads and
 * rooms recognise it by its `name`, which survives the way through a worker's `error` event.
 */
export class NativeBinaryError extends Error {
  override readonly name = 'NativeBinaryError';
}
