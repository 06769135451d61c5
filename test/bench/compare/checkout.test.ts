import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Checkout, refuseOtherFolder } from '../../../bench/compare/checkout.ts';

function checkoutFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'checkout-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'src/core'), { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'src/gateway-process.ts'), 'start();');
  return folder;
}

it('tells whether a source changed during the run, and only then', () => {
  const folder = checkoutFolder();
  const checkout = new Checkout(folder);
  writeFileSync(join(folder, 'README.md'), 'no source');
  expect(checkout.measuredAs('@x')).toEqual({ suffix: '@x', commit: '', changedMeanwhile: false });
  writeFileSync(join(folder, 'src/core/added.ts'), 'export {};');
  expect(checkout.measuredAs('@x').changedMeanwhile).toBe(true);
});

it('takes a folder with a gateway and its dependencies and no other', () => {
  const folder = checkoutFolder();
  expect(() => refuseOtherFolder(folder)).not.toThrow();
  rmSync(join(folder, 'node_modules'), { recursive: true });
  expect(() => refuseOtherFolder(folder)).toThrow('has no node_modules');
});
