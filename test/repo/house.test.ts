import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const services = globSync('services/**/*.ts', { cwd: ROOT }).toSorted();
// The benchmark has packages of its own.
const tests = globSync('test/**/*.ts', { cwd: ROOT, exclude: ['**/node_modules/**'] }).toSorted();

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const lineCount = (file: string) => read(file).trimEnd().split('\n').length;

describe('the house', () => {
  it('has no TypeScript file of more than 250 lines', () => {
    const long = [...services, ...tests].filter((file) => lineCount(file) > 250);
    expect(long).toEqual([]);
  });

  it.each([
    ['README.md', 180],
    ['ARCHITECTURE.md', 150],
    ['CONTRIBUTING.md', 80],
  ])('keeps %s to %d lines', (file, most) => {
    if (existsSync(join(ROOT, file))) expect(lineCount(file)).toBeLessThanOrEqual(most);
  });

  it('lets only a main.ts reach for the process', () => {
    // The global is refused by biome; this is the other way to it. The event loop's queue stands there by accident.
    const withoutQueue = (text: string) => text.replaceAll("import { nextTick } from 'node:process';", '');
    const importing = services.filter((file) => /from '(node:)?process'/.test(withoutQueue(read(file))));
    expect(importing.filter((file) => !file.endsWith('/main.ts'))).toEqual([]);
  });

  it('says of everything that a file exports what it is', () => {
    expect(services.flatMap(undocumented)).toEqual([]);
  });
});

/** The exports of a file without a docstring. Of several declarations of one name, one has to have it. */
function undocumented(file: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const documented = new Map<string, boolean>();
  for (const statement of source.statements) {
    if (!isExported(statement)) continue;
    const hasDocs = ts.getJSDocCommentsAndTags(statement).length > 0;
    for (const name of declaredNames(statement)) documented.set(name, documented.get(name) || hasDocs);
  }
  return [...documented].filter(([, hasDocs]) => !hasDocs).map(([name]) => `${file}: ${name}`);
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/** The names that a statement declares. */
function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as ts.DeclarationStatement;
  return [name?.getText() ?? 'default'];
}
