/** nginx as a plain forwarder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stablePort } from '../../test/support/processes.ts';
import { type Peer, type PeerOptions, peerFolder, readyPeer, untilListening } from './peer.ts';
import { startPinned } from './pinned-process.ts';

/** Starts nginx in the foreground: a master that waits and one worker that works. */
export async function startNginx(options: PeerOptions): Promise<Peer> {
  const folder = peerFolder('nginx');
  const port = await stablePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder, port, options));
  const started = startPinned(options.cores, 'nginx', ['-p', folder, '-c', config]);
  return await readyPeer('nginx', started, folder, untilListening(port));
}

/** By default nginx closes a connection after 1,000 requests, on either side. */
const KEPT = 'keepalive_requests 1000000000; keepalive_timeout 3600s;';

function nginxConfig(folder: string, port: number, options: PeerOptions): string {
  const { upstreamPort, upstreamConnections } = options;
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  ${KEPT}
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream bank {
    server 127.0.0.1:${upstreamPort};
    keepalive ${upstreamConnections};
    ${KEPT}
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://bank;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}
