import { beforeEach, describe, inject } from 'vitest';
import type { LanguageName } from './language.ts';

/**
 * A group of tests that need a language: skipped where its toolchain is missing, and all failed where it could not be built.
 * `name` is the column of the matrix.
 */
export function describeBuilt(language: LanguageName, name: string, tests: () => void): void {
  const build = inject('builds')[language];
  describe.skipIf(build.state === 'missing')(name, () => {
    beforeEach(() => {
      if (build.state === 'failed') throw new Error(`${language} is not built: ${build.why}`);
    });
    tests();
  });
}
