/** Where a registry's file may be made; removed with the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export function temporaryRegistryPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state', 'registry.sqlite');
}
