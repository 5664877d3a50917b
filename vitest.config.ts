// One run: rules and stores on plain Node, programs and connections as they run, whole calls, the same while something breaks, many nodes, workerd.
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

// wrangler asks nobody and writes nowhere outside this folder.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] ??= 'false'
process.env['WRANGLER_SEND_METRICS'] ??= 'false'
process.env['XDG_CONFIG_HOME'] ??= new URL('./.cache/xdg', import.meta.url).pathname

/** Of the suites that start brokers, which serve it. */
const globalSetup = ['test/support/page-setup.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/{rules,fuzz,http,sim,web,stores}/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 }, // not beside those that have other workers
        },
      },
      {
        test: {
          name: 'processes', // alone: they say how long something took
          globalSetup,
          include: ['test/{broker,redis}/**/*.test.ts'],
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'cli',
          globalSetup,
          include: ['test/cli/**/*.test.ts'],
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'e2e',
          globalSetup,
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: process.env['TRUNKLINE_TEST_HOST'] === 'node' ? 4 : 3, // workerd takes more of a core
        },
      },
      {
        test: {
          name: 'faults',
          globalSetup,
          include: ['test/faults/**/*.test.ts'],
          testTimeout: process.env['TRUNKLINE_FAULTS'] === 'long' ? 1_200_000 : 120_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'nodes',
          globalSetup,
          include: ['test/nodes/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
        test: {
          name: 'worker',
          include: ['test/worker/**/*.test.ts'],
          maxWorkers: 3,
          env: { TRUNKLINE_SEED: process.env['TRUNKLINE_SEED'] ?? '' },
        },
      },
    ],
  },
})
