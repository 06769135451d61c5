import { setTimeout as pause } from 'node:timers/promises';
import type { BenchGateway } from '../rig/bench-gateway.ts';
import { residentBytes } from '../rig/process-usage.ts';
import type { MemoryFigures } from './registry-result.ts';

const MEGABYTE = 2 ** 20;
const HEAP = /^xingyun_thread_heap_used_bytes\{thread="([^"]+)"\} (\S+)$/gm;

/** Each thread samples itself once a second. */
const SAMPLED_MS = 1_100;

export async function memoryOf(gateway: BenchGateway): Promise<MemoryFigures> {
  await pause(SAMPLED_MS);
  const text = await gateway.admin('/metrics');
  const heaps = Array.from(text.matchAll(HEAP), ([, thread, bytes]) => {
    return [thread!, inMegabytes(Number(bytes))] as const;
  });
  return { rssMb: inMegabytes(residentBytes(gateway.pid)), heapMb: Object.fromEntries(heaps) };
}

function inMegabytes(bytes: number): number {
  return Math.round((bytes / MEGABYTE) * 10) / 10;
}
