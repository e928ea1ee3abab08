import { Troupe } from '../../../services/client/index.ts';
import type { OrchestratorOptions } from '../../../services/orchestrator/config.ts';
import type { Child } from '../../processes/child.ts';
import type { Stage } from '../../processes/stage.ts';
import type { Call } from '../history/call.ts';
import { History } from '../history/history.ts';
import type { LoadPlan } from '../history/recorder.ts';
import type { AgentRoleOptions } from './agent-role.ts';
import { RosterWatch } from './roster-watch.ts';
import { startOrchestrator } from './start-orchestrator.ts';

/** How a mesh is started. */
export interface MeshOptions {
  /** Its instances, each in a process of its own, with what is special about each. */
  instances: Readonly<Record<string, Partial<AgentRoleOptions>>>;
  /** What is said to the orchestrator beside where it listens. */
  orchestrator?: OrchestratorOptions;
  /** Arguments for the orchestrator's Node, beside those that it has wherever we start it. */
  orchestratorFlags?: readonly string[];
}

/** A load that is under way. */
export interface RunningLoad {
  /** Ends it, and answers all of its calls once the last has ended. */
  stop(): Promise<History>;
  /** Its calls that have ended so far. */
  soFar(): Promise<History>;
}

/** How much longer than its calls' time-out the end of a load may take, in milliseconds. */
const MARGIN_MS = 20_000;

/** A mesh of real processes: an orchestrator, the instances of one agent, and a caller. */
export class Mesh {
  /** The orchestrator's process, and where it listens. */
  orchestrator: Child;
  readonly address: string;
  readonly caller: Child;
  /** The instances' processes by their ids. */
  readonly instances = new Map<string, Child>();
  readonly roster: RosterWatch;
  readonly #stage: Stage;

  private constructor(stage: Stage, parts: { orchestrator: Child; address: string; caller: Child }) {
    this.#stage = stage;
    this.orchestrator = parts.orchestrator;
    this.address = parts.address;
    this.caller = parts.caller;
    this.roster = new RosterWatch(new Troupe(parts.address, { id: 'watcher' }));
  }

  /** Starts it, and waits until all of its instances take tasks. */
  static async start(stage: Stage, options: MeshOptions): Promise<Mesh> {
    const { instances } = options;
    const orchestrator = await startOrchestrator(stage, options.orchestrator, options.orchestratorFlags);
    const address = await orchestrator.told('address');
    const caller = stage.start('mesh/caller-role.ts', { orchestrator: address });
    const mesh = new Mesh(stage, { orchestrator, address, caller: await caller });
    await Promise.all(Object.entries(instances).map(([id, special]) => mesh.startInstance(id, special)));
    await Promise.all(Object.keys(instances).map((id) => mesh.live(id)));
    return mesh;
  }

  /** Starts an instance. It need not be on the roster yet. */
  async startInstance(instance: string, special: Partial<AgentRoleOptions> = {}): Promise<Child> {
    const options = { instance, orchestrators: [this.address], ...special };
    const child = await this.#stage.start('mesh/agent-role.ts', options);
    this.instances.set(instance, child);
    return child;
  }

  /** Lets the orchestrator leave by SIGTERM, and starts it again at once where it listened. */
  async restartOrchestrator(): Promise<void> {
    this.orchestrator.signal('SIGTERM');
    await this.orchestrator.ended();
    this.orchestrator = await startOrchestrator(this.#stage, { listen: this.address });
  }

  /** Waits until an instance takes tasks. Fails where it does not within 15 s. */
  async live(instance: string): Promise<number> {
    const at = await this.roster.until(instance, 'live');
    if (!Number.isFinite(at))
      throw new Error(`The instance ${instance} did not come onto the roster in 15 s.`);
    return at;
  }

  /** The process of an instance. */
  instance(id: string): Child {
    const child = this.instances.get(id);
    if (!child) throw new Error(`There is no instance ${id}.`);
    return child;
  }

  /** Begins a load, by the mesh's caller or another. */
  async load(plan: LoadPlan, caller = this.caller): Promise<RunningLoad> {
    const load = await caller.ask<number>('load', plan);
    const ask = async (command: string) =>
      new History(await caller.ask<Call[]>(command, load, plan.timeoutMs + MARGIN_MS));
    return { stop: () => ask('stop'), soFar: () => ask('calls') };
  }

  /** Ends the watch; the stage ends the processes. */
  close(): void {
    this.roster.close();
  }
}
