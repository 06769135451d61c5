/** An upstream for neighbours: never answers `/hang`, answers anything else with 4 MB. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const LARGE = Buffer.alloc(4 * 1_048_576, 'x');

const server = createServer((request, response) => {
  request.resume();
  if (request.url!.endsWith('/hang')) return;
  response.writeHead(200, { 'content-length': LARGE.length });
  response.end(LARGE);
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
