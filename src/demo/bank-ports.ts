/** Where the demo bank listens: on the same ports at each start, as long as they are free. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** On 127.0.0.1. */
export interface BankPorts {
  readonly port: number;
  readonly sandboxPort: number;
}

export interface BankUpstream {
  readonly id: string;
  readonly url: string;
}

export const BANK_HOST = '127.0.0.1';
/** Ids of the upstreams in the demonstration's registry. */
export const BANK = 'demo-bank';
export const SANDBOX_BANK = 'demo-bank-sandbox';

/** In the demonstration's folder. */
export function bankPortsFileOf(dir: string): string {
  return join(resolve(dir), 'bank.json');
}

/** Those of the last start; 0, any, where there was none or the file was broken. */
export function readBankPorts(dir: string): BankPorts {
  const file = bankPortsFileOf(dir);
  try {
    const read = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    return { port: portOf(read?.port), sandboxPort: portOf(read?.sandboxPort) };
  } catch {
    return { port: 0, sandboxPort: 0 };
  }
}

export function bankPortsText(ports: BankPorts): string {
  return `${JSON.stringify(ports)}\n`;
}

export function bankUpstreams({ port, sandboxPort }: BankPorts): readonly BankUpstream[] {
  return [
    { id: BANK, url: `http://${BANK_HOST}:${port}` },
    { id: SANDBOX_BANK, url: `http://${BANK_HOST}:${sandboxPort}` },
  ];
}

function portOf(value: unknown): number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536 ? Number(value) : 0;
}
