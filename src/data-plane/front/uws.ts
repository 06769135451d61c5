/**
 * The one door to uWebSockets.js. Importing it loads the native part, in the main thread as well as
 * in a worker thread, and throws NativeBinaryError where this host cannot.
 */

import type { ListenOptions, us_listen_socket, us_socket } from 'uWebSockets.js';
import { createRequire } from 'node:module';
import { prepareNativeBinary } from './native/native-binary.ts';
import { NativeBinaryError } from './native/native-binary-error.ts';

export type {
  AppOptions,
  HttpRequest,
  HttpResponse,
  RecognizedString,
  TemplatedApp,
  us_listen_socket,
  us_socket,
  us_socket_context_t,
  WebSocket,
  WebSocketBehavior,
} from 'uWebSockets.js';
export { NativeBinaryError };

async function load() {
  const { original, path } = prepareNativeBinary();
  try {
    if (path !== original) {
      // The package's wrapper asks for the original by its path and finds this module instead.
      const require = createRequire(import.meta.url);
      require(path);
      require.cache[original] = require.cache[path];
    }
    return await import('uWebSockets.js');
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    throw new NativeBinaryError(
      `The uWebSockets.js binary ${path} cannot be loaded (${reason}): restore it with \`npm ci\`.`,
      { cause: error },
    );
  }
}

const uws = await load();

// Or every answer of this thread would carry `uWebSockets: 20`. Its typings leave it out.
(uws as unknown as { default: { _cfg(option: 'silent'): void } }).default._cfg('silent');

export const App = uws.App;
export const SSLApp = uws.SSLApp;
export const DISABLED = uws.DISABLED;
export const SHARED_COMPRESSOR = uws.SHARED_COMPRESSOR;
export const SHARED_DECOMPRESSOR = uws.SHARED_DECOMPRESSOR;
export const us_listen_socket_close = uws.us_listen_socket_close;
/** The port that a listen socket or a connection is bound to. */
export const us_socket_local_port = uws.us_socket_local_port as (
  socket: us_listen_socket | us_socket,
) => number;

/** Listen option: fail where another process has the port, instead of sharing it. */
export const LIBUS_LISTEN_EXCLUSIVE_PORT = (
  uws as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: ListenOptions }
).LIBUS_LISTEN_EXCLUSIVE_PORT;
