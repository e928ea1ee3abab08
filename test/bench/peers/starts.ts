import { ORCHESTRATOR_FLAGS } from '../../../services/cli/mesh/orchestrator-flags.ts';
import type { Stage } from '../../processes/stage.ts';
import type { Contestant } from '../load/contestant.ts';
import type { ContestantName, Contestants } from './contestants.ts';

/** The processes of a contestant; or, as a text, why it cannot run here. */
export type Started = Contestant['processes'] | string;

/** What a contestant is started with. */
export interface Surroundings {
  /** Where its processes run. */
  stage: Stage;
  /** The others, some of whose processes it may share. */
  others: Contestants;
  /** Where a nats-server is; nothing where there is none. */
  natsServer: () => Promise<string | undefined>;
  /** Whether the packages of the peers are there. */
  packages: () => Promise<boolean>;
}

const NO_PACKAGES = 'its packages are not installed: npm ci --prefix test/bench';
const NO_NATS_SERVER = 'there is no nats-server on the PATH, and none was built';

/** How each contestant is started. */
export const STARTS: Readonly<Record<ContestantName, (here: Surroundings) => Promise<Started>>> = {
  async troupe({ stage }) {
    const orchestrator = await stage.start('peers/troupe/orchestrator.ts', {}, ORCHESTRATOR_FLAGS);
    const address = await orchestrator.told('address');
    const agent = await stage.start('peers/troupe/agent.ts', { orchestrator: address });
    const client = await stage.start('peers/troupe/client.ts', {
      address,
      agent: await agent.told('address'),
    });
    return { client, orchestrator, agent };
  },

  async dispatch({ stage, others }) {
    const troupe = await others.start('troupe');
    if (typeof troupe === 'string') return troupe;
    const address = await troupe.processes.orchestrator!.told('address');
    return { ...troupe.processes, client: await stage.start('peers/troupe/dispatch-client.ts', { address }) };
  },

  direct: (here) => pair('direct', here),

  async naive({ stage, others }) {
    const direct = await others.start('direct');
    if (typeof direct === 'string') return direct;
    const agent = direct.processes.agent!;
    const orchestrator = await stage.start('peers/naive/orchestrator.ts', {
      agent: await agent.told('address'),
    });
    const address = await orchestrator.told('address');
    const client = await stage.start('peers/troupe/dispatch-client.ts', { address });
    return { client, orchestrator, agent };
  },

  connect: (here) => pair('connect', here),

  tcp: (here) => pair('tcp', here),

  async nats({ stage, natsServer, packages }) {
    if (!(await packages())) return NO_PACKAGES;
    const program = await natsServer();
    if (!program) return NO_NATS_SERVER;
    const server = await stage.start('peers/nats/server.ts', { program });
    const address = await server.told('address');
    const agent = await stage.start('peers/nats/agent.ts', { address });
    const client = await stage.start('peers/nats/client.ts', { address });
    return { client, server, agent };
  },

  async 'moleculer-tcp'(here) {
    if (!(await here.packages())) return NO_PACKAGES;
    return pair('moleculer', here);
  },

  async 'moleculer-nats'({ stage, others }) {
    const nats = await others.start('nats');
    if (typeof nats === 'string') return nats;
    const { server } = nats.processes;
    const options = { nats: `nats://${await server!.told('address')}` };
    const agent = await stage.start('peers/moleculer/agent.ts', options);
    const client = await stage.start('peers/moleculer/client.ts', options);
    return { client, server: server!, agent };
  },
};

/** A client and an agent, with nothing between. */
async function pair(folder: string, { stage }: Surroundings): Promise<Started> {
  const agent = await stage.start(`peers/${folder}/agent.ts`);
  const address = await agent.told('address');
  return { client: await stage.start(`peers/${folder}/client.ts`, { address }), agent };
}
