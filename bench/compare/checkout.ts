/** A checkout whose gateway is measured, and whether it stayed what it was. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../rig/command-line.ts';
import { checkoutCommit } from '../rig/environment.ts';
import type { MeasuredCheckout } from './compare-result.ts';

/** @throws UsageError where no gateway could run from there */
export function refuseOtherFolder(directory: string): void {
  for (const part of ['src/gateway-process.ts', 'node_modules']) {
    if (!existsSync(join(directory, part))) throw new UsageError(`${directory} has no ${part}`);
  }
}

export class Checkout {
  private readonly root: string;
  private readonly commit: string;
  private readonly digest: string;

  /** Remembers what its sources are now: make it before the run. */
  constructor(root: string) {
    this.root = root;
    this.commit = checkoutCommit(root);
    this.digest = sourceDigest(root);
  }

  measuredAs(suffix: string): MeasuredCheckout {
    const changedMeanwhile = sourceDigest(this.root) !== this.digest;
    return { suffix, commit: this.commit, changedMeanwhile };
  }
}

/** Over the path and the bytes of every source of the gateway. */
function sourceDigest(root: string): string {
  const digest = createHash('sha256');
  const files = globSync('**/*.ts', { cwd: join(root, 'src') }).sort();
  for (const file of files)
    digest.update(`${file}\0`).update(readFileSync(join(root, 'src', file)));
  return digest.digest('hex');
}
