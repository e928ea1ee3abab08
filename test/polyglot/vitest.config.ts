import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * The members and clients in other languages: `npm run test:polyglot`. They need toolchains that `npm test` does
 * without. A toolchain that is missing is skipped by name, unless TROUPE_REQUIRE (comma between:
 * `python,go,java,grpcurl,nginx`) names it.
 */
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/{polyglot,clients}/**/*.matrix.ts'],
    globalSetup: ['test/polyglot/build-languages.ts'],
    // Processes in three languages, on machines with few cores.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', resolve(import.meta.dirname, 'matrix-reporter.ts')],
  },
});
