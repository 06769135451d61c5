/** What the disk takes to keep a page, without anything of ours between. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROUNDS = 200;
const PAGE_BYTES = 4_096;

/** In the folder where the gateways of benchmarks have their state. */
export function measureFsync(): { p50Ms: number; p99Ms: number } {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-fsync-'));
  const file = openSync(join(folder, 'page'), 'w');
  const page = Buffer.alloc(PAGE_BYTES, 1);
  try {
    const tookMs = Array.from({ length: ROUNDS }, () => {
      const startMs = performance.now();
      writeSync(file, page);
      fsyncSync(file);
      return performance.now() - startMs;
    }).sort((a, b) => a - b);
    return { p50Ms: tookMs[ROUNDS / 2]!, p99Ms: tookMs[Math.floor(ROUNDS * 0.99)]! };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
