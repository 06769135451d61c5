/**
 * What a forwarder has to show before it is measured: that its answers are the upstream's, and that
 * one which checks signatures refuses what is forged, altered or sent twice.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { RawSocket } from '../../test/support/raw-socket.ts';
import { PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import type { TrafficKind } from './cases.ts';
import type { Records } from './wrk.ts';

/** Records that the probe of signed requests uses up. */
export const PROBE_RECORDS = 3;

export interface Probed {
  readonly port: number;
  /** The body that the upstream answers everything with. */
  readonly upstreamBody: string;
}

/** @throws Error that says what the forwarder did instead */
export async function probePlain(target: Probed, path: string): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nhost: ${PUBLIC_AUTHORITY}\r\n\r\n`;
  await expectForwarded(target, Buffer.from(request), 'a plain request');
}

/** @throws Error that says what the forwarder did instead */
export async function probeChecked(
  target: Probed,
  traffic: Exclude<TrafficKind, 'plain'>,
  records: Records,
): Promise<void> {
  const [good, forged, altered] = [0, 1, 2].map(number => readRecord(records, number));
  await expectForwarded(target, good!, 'a good request');
  await expectRefused(target, forge(forged!), 'a forged signature');
  if (traffic !== 'signed') return;
  await expectRefused(target, good!, 'a request sent twice');
  await expectRefused(target, alterLastByte(altered!), 'an altered body');
}

function readRecord({ file, recordBytes, first }: Records, number: number): Buffer {
  const record = Buffer.alloc(recordBytes);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, record, 0, recordBytes, (first + number) * recordBytes);
  } finally {
    closeSync(descriptor);
  }
  return record;
}

/** Another letter in the middle of the signature: well formed, and wrong. */
function forge(record: Buffer): Buffer {
  const text = record.toString('latin1');
  // Both kinds end in 256 bytes of signature, in base64, before the empty line.
  const at = text.indexOf('\r\n\r\n') - 100;
  const other = text[at] === 'A' ? 'B' : 'A';
  return Buffer.from(text.slice(0, at) + other + text.slice(at + 1), 'latin1');
}

/** The letter before the `"}` of the body. */
function alterLastByte(record: Buffer): Buffer {
  const altered = Buffer.from(record);
  altered[altered.length - 3]! ^= 1;
  return altered;
}

async function expectForwarded(target: Probed, request: Buffer, what: string): Promise<void> {
  const { status, text } = await ask(target.port, request);
  if (status === 200 && text.endsWith(target.upstreamBody)) return;
  throw new Error(`${what} is answered ${status}, not with the upstream's 200: ${text}`);
}

async function expectRefused(target: Probed, request: Buffer, what: string): Promise<void> {
  const { status } = await ask(target.port, request);
  if (status >= 400 && status < 500) return;
  throw new Error(`${what} is answered ${status}, not refused`);
}

async function ask(port: number, request: Buffer) {
  const socket = await RawSocket.open(port);
  try {
    socket.send(request);
    return await socket.next();
  } finally {
    socket.socket.destroy();
  }
}
