import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The operator console's page. Nothing in it may be inline: its content security policy is strict. */
export default defineConfig({
  root: at('src/control-plane/console/page'),
  base: '/console/',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: at('build/console'),
    emptyOutDir: true,
    // Browsers of the last two years, which have `light-dark()` and `<dialog>`.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
