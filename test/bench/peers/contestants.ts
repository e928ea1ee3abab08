import type { Stage } from '../../processes/stage.ts';
import type { Contestant } from '../load/contestant.ts';
import { findNatsServer } from './nats/find-server.ts';
import { hasPackages } from './packages.ts';
import { STARTS } from './starts.ts';

/** What carries tasks in the benchmark, by name, with what people call it. */
export const CONTESTANTS = {
  troupe: 'Troupe, over links',
  dispatch: 'Troupe, Dispatch as unary RPC',
  direct: 'direct, grpc-js',
  naive: 'naive orchestrator, grpc-js',
  connect: 'direct, connect-node',
  tcp: 'two round trips over bare TCP',
  nats: 'NATS request/reply',
  'moleculer-tcp': 'Moleculer over TCP, no hop',
  'moleculer-nats': 'Moleculer over NATS',
} as const;

/** The name of a contestant. */
export type ContestantName = keyof typeof CONTESTANTS;

/** How contestants are got. */
export interface ContestantsOptions {
  /** Where their processes run. */
  stage: Stage;
  /** The PATH on which tools are looked for. */
  path: string;
  /** Whether what is missing is installed or built, which takes a minute or so. */
  install: boolean;
}

/** The contestants of one run, each started when it is first needed. */
export class Contestants {
  readonly #options: ContestantsOptions;
  readonly #started = new Map<ContestantName, Promise<Contestant | string>>();
  #natsServer: Promise<string | undefined> | undefined;
  #packages: Promise<boolean> | undefined;

  constructor(options: ContestantsOptions) {
    this.#options = options;
  }

  /** Starts a contestant that does not run yet, and lets it show that it works. A text says why it cannot run. */
  start(name: ContestantName): Promise<Contestant | string> {
    let started = this.#started.get(name);
    if (!started) {
      started = this.#start(name);
      this.#started.set(name, started);
    }
    return started;
  }

  async #start(name: ContestantName): Promise<Contestant | string> {
    const { stage, path, install } = this.#options;
    const processes = await STARTS[name]({
      stage,
      others: this,
      natsServer: () => {
        this.#natsServer ??= findNatsServer({ path, build: install });
        return this.#natsServer;
      },
      packages: () => {
        this.#packages ??= hasPackages({ install });
        return this.#packages;
      },
    });
    if (typeof processes === 'string') return processes;
    await processes.client.ask('check');
    return { processes };
  }
}
