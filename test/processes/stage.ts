import { resolve } from 'node:path';
import { Child } from './child.ts';

/** How a stage starts its processes. */
export interface StageOptions {
  /** The folder that the modules are named from. */
  root: string;
  /** The environment of every process. */
  env: NodeJS.ProcessEnv;
  /** The folder for a CPU profile of each process. Default: none is taken. */
  profile?: string | undefined;
}

/** The processes of one run of a benchmark or a fault suite. */
export class Stage {
  readonly #options: StageOptions;
  readonly #children = new Set<Child>();

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** Starts a process with the role of a module, `peers/direct/client.ts`. `flags`: arguments for Node itself. */
  start(module: string, options: unknown = {}, flags: readonly string[] = []): Promise<Child> {
    const name = module
      .replace(/^(peers|rows|mesh)\//, '')
      .replace(/\.ts$/, '')
      .replaceAll('/', ' ');
    const { root, env, profile } = this.#options;
    const profiling = profile
      ? ['--cpu-prof', `--cpu-prof-dir=${resolve(profile, name.replaceAll(' ', '-'))}`]
      : [];
    const execArgv = [...flags, ...profiling];
    return Child.start({ name, module: resolve(root, module), options, execArgv, env }, (child) =>
      this.#children.add(child),
    );
  }

  /** Ends processes well. */
  async end(children: Iterable<Child>): Promise<void> {
    await Promise.all(
      [...children].map(async (child) => {
        await child.close();
        this.#children.delete(child);
      }),
    );
  }

  /** Ends every process well. */
  close(): Promise<void> {
    return this.end(this.#children);
  }

  /** Ends every process at once, and what it keeps with it. */
  kill(): void {
    for (const child of this.#children) child.kill();
  }
}
