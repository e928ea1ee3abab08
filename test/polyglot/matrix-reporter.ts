import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { LANGUAGES, type LanguageName } from './language.ts';

/** What a cell of a matrix shows. */
const MARKS = { passed: 'pass', failed: 'FAIL', skipped: 'skip', pending: 'skip' } as const;

declare module 'vitest' {
  interface TaskMeta {
    /** A line about what the test found, told after the matrices. */
    told?: string;
  }
}

/** Group → row → column → mark. */
type Matrices = Map<string, Map<string, Map<string, string>>>;

/**
 * Prints what was tested as matrices: a group of tests is one, the groups in it its columns, their tests its rows. An
 * empty cell is what does not apply. Languages and tools that were not built are named. The last line is `N passed, N
 * failed, N skipped`.
 */
export default class MatrixReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const matrices: Matrices = new Map();
    const told: string[] = [];
    for (const module of modules) {
      // A file that does not even load has no tests to count.
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const state = stateOf(test);
        counts[state] += 1;
        note(matrices, test, MARKS[state]);
        const { told: line } = test.meta();
        if (line !== undefined) told.push(line);
      }
    }
    const lines = [...matrices].flatMap(([title, rows]) => ['', ...draw(title, rows)]);
    const skipped = counts.skipped + counts.pending;
    lines.push(
      '',
      ...told,
      ...this.#notBuilt(),
      `${counts.passed} passed, ${counts.failed} failed, ${skipped} skipped`,
    );
    process.stdout.write(`${lines.join('\n')}\n`);
  }

  #notBuilt(): string[] {
    const builds = this.#vitest?.getRootProject().getProvidedContext().builds;
    return Object.entries(builds ?? {}).flatMap(([name, build]) => {
      if (build.state === 'built') return [];
      const label = Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name as LanguageName].label : name;
      const [why] = build.why.split('\n');
      return [`${label} ${build.state === 'missing' ? 'skipped' : 'failed'}: ${why}`];
    });
  }
}

/** How a test ended. Where what was to be done before it failed, it was not run, and has failed as well. */
function stateOf(test: TestCase): keyof typeof MARKS {
  const { state } = test.result();
  if (state === 'passed' || state === 'failed') return state;
  for (let group = test.parent; group.type === 'suite'; group = group.parent) {
    if (group.errors().length > 0) return 'failed';
  }
  return state;
}

function note(matrices: Matrices, test: TestCase, mark: string): void {
  const [title = '', column = '', ...row] = test.fullName.split(' > ');
  const rows = matrices.get(title) ?? new Map<string, Map<string, string>>();
  matrices.set(title, rows);
  const name = row.join(' > ');
  rows.set(name, (rows.get(name) ?? new Map()).set(column, mark));
}

/** A matrix as lines of text. */
function draw(title: string, rows: Map<string, Map<string, string>>): string[] {
  const columns = [...new Set([...rows.values()].flatMap((cells) => [...cells.keys()]))];
  const width = Math.max(title.length, ...[...rows.keys()].map((name) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(width), ...cells.map((cell, i) => cell.padEnd(columns[i]!.length))].join('  ').trimEnd();
  return [
    line(title, columns),
    ...[...rows].map(([name, cells]) =>
      line(
        name,
        columns.map((column) => cells.get(column) ?? '·'),
      ),
    ),
  ];
}
