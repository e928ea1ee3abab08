import { execFile } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './bench.ts';

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, '../../..');
const MAIN = 'services/orchestrator/main.js';
/** Where the JavaScript goes that is built in a hurry. */
const HASTY = join(ROOT, '.tools/bench-built');

/**
 * Where the orchestrator is as JavaScript: in dist/, built where it is not of today's source. In a quick run without
 * that, the same compiler makes the same JavaScript in .tools/, file by file, without looking at types.
 */
export async function builtOrchestrator({ quick, tell }: Pick<Bench, 'quick' | 'tell'>): Promise<string> {
  const published = join(ROOT, 'dist', MAIN);
  if (isCurrent(published)) return published;
  const hasty = join(HASTY, MAIN);
  if (quick && isCurrent(hasty)) return hasty;
  tell('building the orchestrator');
  if (quick) await buildHastily();
  else await run('npm', ['run', '-s', 'build'], { cwd: ROOT });
  return quick ? hasty : published;
}

async function buildHastily(): Promise<void> {
  const { default: ts } = await import('typescript');
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const options = ts.convertCompilerOptionsFromJson(config.config.compilerOptions, ROOT).options;
  const compilerOptions = {
    ...options,
    noEmit: false,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
  };
  for (const file of globSync('services/{rpc,protocol,policy,client,agent,edge,orchestrator}/**/*.ts', {
    cwd: ROOT,
  })) {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const { outputText } = ts.transpileModule(source, { fileName: join(ROOT, file), compilerOptions });
    const target = join(HASTY, file.replace(/ts$/, 'js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  cpSync(join(ROOT, 'gen'), join(HASTY, 'gen'), { recursive: true });
}

/** Whether a built file is there, and younger than all that it was built of. */
function isCurrent(built: string): boolean {
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  const sources = globSync(['services/**/*.ts', 'gen/**/*.js', 'build.ts', 'tsconfig*.json'], { cwd: ROOT });
  return sources.every((file) => statSync(join(ROOT, file)).mtimeMs <= builtAt);
}
