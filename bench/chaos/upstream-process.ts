/**
 * An upstream to do wrong to: `upstream-process.ts PORT`. Answers each call with the number of its
 * order and tells its parent over IPC of every order that is made, before it answers, so that what
 * it has done is known however it ends. Its parent tells it how to misbehave.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export type Manners = 'good' | 'failing' | 'resetting';

export type FromUpstream =
  | { readonly kind: 'listening' }
  | { readonly kind: 'made'; readonly order: string };

const PORT = Number(process.argv[2]);
const UNAVAILABLE = 503;

let manners: Manners = 'good';

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const order = await orderOf(request);
  const status = manners === 'failing' ? UNAVAILABLE : 200;
  if (request.method === 'POST' && status === 200) tell({ kind: 'made', order });
  const body = JSON.stringify({ order, status: 'accepted', currency: 'CNY', amountMinor: 12_500 });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  // Half of it is a broken answer.
  if (manners !== 'resetting') response.end(body);
  else response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
}

/** A new one says its number in its body, one that is read in its path. */
async function orderOf(request: IncomingMessage): Promise<string> {
  const body = await text(request);
  if (request.method === 'POST') return (JSON.parse(body) as { order: string }).order;
  return request.url!.slice(request.url!.lastIndexOf('/') + 1);
}

function tell(message: FromUpstream): void {
  process.send?.(message);
}

const server = createServer((request, response) => {
  // Who is cut off in the middle of a body has made no order.
  answer(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 0;
server.listen(PORT, '127.0.0.1', () => tell({ kind: 'listening' }));
process.on('message', (next: Manners) => {
  manners = next;
});
process.on('disconnect', () => process.exit(0));
