import { cp, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** One instruction of a Dockerfile: `COPY` with `package.json ./`. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of a Dockerfile, in their order; long ones may be broken with a backslash. */
export async function readDockerfile(path: string): Promise<Instruction[]> {
  const lines = (await readFile(path, 'utf8')).replaceAll('\\\n', ' ').split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', text = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
      return { name: name.toUpperCase(), text };
    });
}

/** The variables that the image sets. */
export function environment(instructions: readonly Instruction[]): Record<string, string> {
  const assignments = instructions.filter(({ name }) => name === 'ENV').map(({ text }) => text.split('='));
  return Object.fromEntries(assignments.map(([name = '', ...value]) => [name, value.join('=')]));
}

/** What the image runs unless it is told otherwise. */
export function command(instructions: readonly Instruction[]): string[] {
  return JSON.parse(instructions.findLast(({ name }) => name === 'CMD')?.text ?? '[]');
}

/** Does what COPY does: from the build context into the image's folder, without what `.dockerignore` keeps out. */
export async function copy(text: string, context: string, image: string): Promise<void> {
  const ignored = await readIgnored(context);
  const words = text.split(/\s+/);
  const target = words.pop() ?? '.';
  for (const source of words) {
    if (ignored(source)) throw new Error(`COPY ${source}: .dockerignore keeps it out of the build.`);
    const into = target.endsWith('/') ? join(target, source) : target;
    await cp(join(context, source), resolve(image, into), {
      recursive: true,
      filter: (path) => !ignored(path.slice(context.length + 1)),
    });
  }
}

/** Whether `.dockerignore` keeps a path out: the last pattern that names the path or a folder above it decides. */
async function readIgnored(context: string): Promise<(path: string) => boolean> {
  const patterns = (await readFile(join(context, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    const last = patterns.findLast((pattern) => {
      const named = pattern.replace(/^!/, '');
      return named === '*' || path === named || path.startsWith(`${named}/`);
    });
    return last !== undefined && !last.startsWith('!');
  };
}
