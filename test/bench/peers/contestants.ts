import type { Contestant } from '../load/contestant.ts';
import type { Stage } from '../process/stage.ts';

/** What carries tasks in the benchmark, by name. */
export type ContestantName = 'troupe' | 'dispatch' | 'direct';

/** Starts a contestant. `others` starts those whose processes it shares. */
type Start = (stage: Stage, others: Contestants) => Promise<Contestant>;

const CONTESTANTS: Readonly<Record<ContestantName, Start>> = {
  troupe: async (stage) => {
    const orchestrator = await stage.start('peers/troupe/orchestrator.ts');
    const address = await orchestrator.told('address');
    const agent = await stage.start('peers/troupe/agent.ts', { orchestrator: address });
    const client = await stage.start('peers/troupe/client.ts', { address });
    return { title: 'Troupe, over links', processes: { client, orchestrator, agent } };
  },
  dispatch: async (stage, others) => {
    const { orchestrator, agent } = (await others.start('troupe')).processes;
    const client = await stage.start('peers/troupe/dispatch-client.ts', {
      address: await orchestrator!.told('address'),
    });
    return {
      title: 'Troupe, Dispatch as unary RPC',
      processes: { client, orchestrator: orchestrator!, agent: agent! },
    };
  },
  direct: async (stage) => {
    const agent = await stage.start('peers/direct/agent.ts');
    const client = await stage.start('peers/direct/client.ts', { address: await agent.told('address') });
    return { title: 'direct: grpc-js, no orchestrator', processes: { client, agent } };
  },
};

/** The contestants of one run, each started when it is first needed. */
export class Contestants {
  readonly #stage: Stage;
  readonly #started = new Map<ContestantName, Promise<Contestant>>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Starts a contestant that does not run yet, and lets it show that it works. */
  start(name: ContestantName): Promise<Contestant> {
    let started = this.#started.get(name);
    if (!started) {
      started = CONTESTANTS[name](this.#stage, this).then(async (contestant) => {
        await contestant.processes.client.ask('check');
        return contestant;
      });
      this.#started.set(name, started);
    }
    return started;
  }
}
