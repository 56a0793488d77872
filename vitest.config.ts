import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], more: object = {}) => ({
  test: { name, include, ...more },
});

// Long-running suites boot real processes and servers: they run one file at a time on small machines.
export default defineConfig({
  test: {
    projects: [
      project('unit', ['test/**/*.test.ts'], {
        exclude: ['test/infra/**', 'test/local/**', 'test/e2e/**'],
        testTimeout: 30_000,
      }),
      project('infra', ['test/infra/**/*.test.ts'], { testTimeout: 120_000, hookTimeout: 120_000 }),
      project('local', ['test/local/**/*.test.ts'], { testTimeout: 60_000, hookTimeout: 120_000 }),
      project('e2e', ['test/e2e/**/*.test.ts'], {
        testTimeout: 300_000,
        hookTimeout: 300_000,
        fileParallelism: false,
      }),
    ],
  },
});
