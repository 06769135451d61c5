/** HAProxy as a plain forwarder, and with a signature check of its own: jwt_verify RS256. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stablePort } from '../../test/support/processes.ts';
import { type Peer, type PeerOptions, peerFolder, readyPeer, untilListening } from './peer.ts';
import { startPinned } from './pinned-process.ts';

/**
 * Starts HAProxy in the foreground with one thread. With `jwtPublicKey` (SubjectPublicKeyInfo,
 * PEM) it lets in only what carries a bearer token that verifies; it keeps no verdict, so every
 * request costs a check.
 */
export async function startHaproxy(options: PeerOptions, jwtPublicKey?: string): Promise<Peer> {
  const folder = peerFolder('haproxy');
  const port = await stablePort();
  const config = join(folder, 'haproxy.cfg');
  const keyFile = join(folder, 'jwt.pem');
  if (jwtPublicKey !== undefined) writeFileSync(keyFile, jwtPublicKey);
  const guard = jwtPublicKey === undefined ? '' : guardText(keyFile);
  writeFileSync(config, haproxyConfig(port, options, guard));
  const started = startPinned(options.cores, 'haproxy', ['-db', '-f', config]);
  return await readyPeer('haproxy', started, folder, untilListening(port));
}

function guardText(keyFile: string): string {
  const verified = `http_auth_bearer,jwt_verify("RS256","${keyFile}") -m int 1`;
  return `  http-request deny deny_status 401 unless { ${verified} }\n`;
}

/** No log, connections kept on both sides and shared between callers: what makes it fastest. */
function haproxyConfig(port: number, options: PeerOptions, guard: string): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend partners
  bind 127.0.0.1:${port}
${guard}  default_backend bank
backend bank
  server bank 127.0.0.1:${options.upstreamPort} maxconn ${options.upstreamConnections}
`;
}
