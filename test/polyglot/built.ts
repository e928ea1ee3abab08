import { beforeEach, describe, inject } from 'vitest';
import type { ToolName } from '../clients/tools.ts';
import type { LanguageName } from './language.ts';

/**
 * A group of tests that need languages or tools: all failed where one could not be built, or is required and
 * missing; else skipped where one is missing. `name` is the column of the matrix.
 */
export function describeBuilt(
  needed: LanguageName | readonly (LanguageName | ToolName)[],
  name: string,
  tests: () => void,
): void {
  const all = inject('builds');
  const builds = [needed].flat().map((one) => ({ one, build: all[one] }));
  const states = builds.map(({ build }) => build.state);
  describe.skipIf(states.includes('missing') && !states.includes('failed'))(name, () => {
    beforeEach(() => {
      for (const { one, build } of builds) {
        if (build.state === 'failed') throw new Error(`${one} is not built: ${build.why}`);
      }
    });
    tests();
  });
}
