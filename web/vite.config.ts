// Builds the page into files that a strict Content-Security-Policy lets through: nothing inline, nothing as a data URL.
import type { UserConfig } from 'vite'

const config: UserConfig = {
  base: '/',
  publicDir: 'public',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: '../.cache/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
}

export default config
