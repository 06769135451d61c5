// Prepares the native binary for this host ahead of the first start: in a checkout with the
// sources, in an installed package with the compiled files. Runs on the Node that
// will load the binary.
import { existsSync } from 'node:fs';

const module = [
  'src/data-plane/front/native/native-binary.ts',
  'dist/data-plane/front/native/native-binary.js',
]
  .map(path => new URL(`../../${path}`, import.meta.url))
  .find(url => existsSync(url));
if (module === undefined) throw new Error('neither src/ nor dist/ is there');

const { prepareNativeBinary } = await import(module.href);
try {
  const { original, path, written } = prepareNativeBinary();
  if (path === original) console.log(`${path} runs on this host as it is`);
  else console.log(`${path} ${written ? 'written' : 'is up to date'}`);
} catch (error) {
  if (error.name !== 'NativeBinaryError') throw error;
  console.error(`xingyun: ${error.message}`);
  process.exitCode = 1;
}
