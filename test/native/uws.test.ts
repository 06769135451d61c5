import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  App,
  LIBUS_LISTEN_EXCLUSIVE_PORT,
  us_listen_socket_close,
  us_socket_local_port,
} from '../../src/data-plane/front/uws.ts';

const door = new URL('../../src/data-plane/front/uws.ts', import.meta.url).href;
const errors = new URL('../../src/data-plane/front/native/native-binary-error.ts', import.meta.url);

describe('the door to uWebSockets.js', () => {
  it('serves in the main thread', async () => {
    const app = App().get('/hello', response => {
      response.end('from the native part');
    });
    const port = await new Promise<number>((resolve, reject) => {
      app.listen(0, LIBUS_LISTEN_EXCLUSIVE_PORT, socket => {
        if (socket === false) reject(new Error('cannot listen'));
        else resolve(us_socket_local_port(socket));
      });
    });
    const response = await fetch(`http://127.0.0.1:${port}/hello`);
    expect(await response.text()).toBe('from the native part');
    app.close();
  });

  it('closes a listen socket and refuses a second exclusive listener', async () => {
    const listen = (port: number) =>
      new Promise<unknown>(resolve => {
        App().listen(port, LIBUS_LISTEN_EXCLUSIVE_PORT, resolve);
      });
    const socket = (await listen(0)) as Parameters<typeof us_listen_socket_close>[0];
    const port = us_socket_local_port(socket);
    expect(await listen(port)).toBe(false);
    us_listen_socket_close(socket);
    const again = await listen(port);
    expect(again).not.toBe(false);
    us_listen_socket_close(again as typeof socket);
  });

  it('serves in a worker thread and lets the thread end', async () => {
    const code = `
      import(${JSON.stringify(door)}).then(uws => {
        const { parentPort } = require('node:worker_threads');
        const app = uws.App().get('/*', response => response.end('from a thread'));
        app.listen(0, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, socket => {
          parentPort.postMessage(uws.us_socket_local_port(socket));
        });
        parentPort.once('message', () => app.close());
      });`;
    const worker = new Worker(code, { eval: true });
    const [port] = await once(worker, 'message');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('from a thread');
    worker.postMessage('close');
    expect(await once(worker, 'exit')).toEqual([0]);
  });

  it('fails with an error whose name survives the way out of a thread', async () => {
    const code = `import(${JSON.stringify(errors.href)}).then(({ NativeBinaryError }) => {
      throw new NativeBinaryError('one sentence');
    })`;
    const worker = new Worker(code, { eval: true });
    const error = await new Promise<Error>(resolve => worker.once('error', resolve));
    expect(error.name).toBe('NativeBinaryError');
    expect(error.message).toBe('one sentence');
  });
});
