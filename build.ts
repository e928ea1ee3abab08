/**
 * Builds what is published: `dist/` with JavaScript and declarations, the contract, and a package.json of its own. Published
 * code cannot be TypeScript: Node strips no types under node_modules. Run it with `npm run build`, then `npm pack ./dist`.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEAST_NODE } from './services/cli/least-node.ts';

const DIST = join(import.meta.dirname, 'dist');

rmSync(DIST, { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { cwd: import.meta.dirname, stdio: 'inherit' });
for (const path of [
  'gen',
  'LICENSE',
  'README.md',
  ...globSync('services/**/*.yaml'),
  ...globSync('proto/**/*.proto'),
]) {
  cpSync(join(import.meta.dirname, path), join(DIST, path), { recursive: true });
}

const { name, version, description, license, dependencies, exports, bin } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'package.json'), 'utf8'),
);
const js = (path: string, ending: string) => path.replace(/\.ts$/, ending);
const published = {
  name,
  version,
  description,
  license,
  type: 'module',
  engines: { node: `>=${LEAST_NODE}` },
  exports: Object.fromEntries(
    Object.entries<string>(exports).map(([entry, path]) => [
      entry,
      { types: js(path, '.d.ts'), default: js(path, '.js') },
    ]),
  ),
  bin: Object.fromEntries(Object.entries<string>(bin).map(([command, path]) => [command, js(path, '.js')])),
  dependencies,
};
writeFileSync(join(DIST, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
