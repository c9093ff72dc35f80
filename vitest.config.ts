import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], timeout: number) => ({
  test: { name, include, testTimeout: timeout, hookTimeout: Math.max(timeout, 60_000) },
})

export default defineConfig({
  test: {
    // Two cores is the machine we plan for; end-to-end tests start whole programs, so never more than two at once.
    maxWorkers: 2,
    projects: [
      project('unit', ['test/unit/**/*.unit.test.ts'], 20_000),
      project('contract', ['test/contract/**/*.contract.test.ts'], 60_000),
      project('integration', ['test/integration/**/*.int.test.ts'], 60_000),
      project('e2e', ['test/e2e/**/*.e2e.test.ts'], 120_000),
    ],
  },
})
