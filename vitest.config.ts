import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests start real servers and processes, on machines with few cores.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // .ci/run counts the tests in the file.
    reporters: ['default', ['json', { outputFile: 'coverage/results.json' }]],
    coverage: {
      provider: 'v8',
      include: ['services/**/*.ts'],
      // They run as processes of their own, where coverage is not counted: tests start them and look from outside.
      exclude: ['services/**/main.ts', 'services/polyglot/**'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 90 },
    },
  },
});
