import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { NotChosenReason, type RouteCandidate } from '../../gen/troupe/v1/route_pb.js';
import type { AgentDefinition, CapabilityDefinition, TaskContext } from '../../services/agent/index.ts';
import type { ExplainOptions } from '../../services/client/index.ts';
import type { JsonValue } from '../../services/protocol/value.ts';
import { isLive, type TestMesh, type TestOrchestrator } from './test-mesh.ts';
import type { ServedAgent } from './without-link.ts';

/** What the instances of a fleet are like. */
export interface FleetOptions extends Pick<AgentDefinition, 'maxConcurrency'> {
  /** Whether its capability is. Default: false. */
  idempotent?: boolean;
  /** The labels of each, beside `name`, its own name. Default: none. */
  labels?: Readonly<Record<string, string>>;
  /** What each does. Default: answers its name. */
  handle?: (name: string, task: TaskContext, input: JsonValue) => Promise<JsonValue> | JsonValue;
}

/** The instances of one agent, `fleet`, which can do `fleet.work`, by their names. */
export class Fleet {
  readonly orchestrator: TestOrchestrator;
  readonly instances = new Map<string, ServedAgent>();
  readonly #mesh: TestMesh;
  readonly #options: FleetOptions;

  constructor(mesh: TestMesh, orchestrator: TestOrchestrator, options: FleetOptions) {
    this.#mesh = mesh;
    this.orchestrator = orchestrator;
    this.#options = options;
  }

  /** Starts one, whose id is its name, and waits until it is known. */
  async join(name: string): Promise<ServedAgent> {
    const { handle = () => name, labels, idempotent = false, maxConcurrency = 0 } = this.#options;
    const work: CapabilityDefinition = { idempotent, handle: (input, task) => handle(name, task, input) };
    const definition = {
      id: 'fleet',
      maxConcurrency,
      labels: { ...labels, name },
      capabilities: { 'fleet.work': work },
    };
    const options = { orchestrators: [this.orchestrator.address], instanceId: name };
    const instance = await this.#mesh.agent(definition, options);
    this.instances.set(name, instance);
    await this.shows((names) => names.includes(name));
    return instance;
  }

  /** Lets one leave, once it has done its work. */
  async leave(name: string): Promise<void> {
    await this.instances.get(name)!.drain();
    await this.shows((names) => !names.includes(name));
  }

  /** Waits until the orchestrator knows as live those whose names are as asked. */
  async shows(as: (names: readonly string[]) => boolean): Promise<void> {
    await this.orchestrator.shows('fleet', (agent) => {
      const live = isLive(agent) ? agent!.instances : [];
      return as(live.map(({ instanceId }) => instanceId));
    });
  }

  /** What ExplainRoute says of each: CHOSEN, or why not. */
  async explain(options?: ExplainOptions): Promise<Record<string, string>> {
    const candidates = await this.orchestrator.troupe.explain('fleet.work', options);
    return Object.fromEntries(candidates.map((candidate) => [candidate.instanceId, choiceOf(candidate)]));
  }

  /** How many tasks that ask for these labels wait for room. Default: for none. */
  async waiting(labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const request = { capability: 'fleet.work', routing: { labels } };
    return (await this.orchestrator.rpc.explainRoute(request)).waiting;
  }

  /** Where each attempt at a task went, the oldest first. */
  async attempts(): Promise<string[]> {
    const { records } = await this.orchestrator.rpc.listMessages({ pageSize: 1000 });
    return records
      .filter(({ message, instanceId }) => message?.type === MessageType.TASK && instanceId !== '')
      .map(({ message, instanceId }) => `${instanceId} at ${message?.attempt}`)
      .reverse();
  }
}

function choiceOf({ chosen, notChosen }: RouteCandidate): string {
  return chosen ? 'CHOSEN' : NotChosenReason[notChosen]!;
}

/** An orchestrator, and a fleet of instances of those names. */
export async function fleetOf(
  mesh: TestMesh,
  names: readonly string[],
  options: FleetOptions = {},
): Promise<Fleet> {
  const fleet = new Fleet(mesh, await mesh.orchestrator(), options);
  for (const name of names) await fleet.join(name);
  return fleet;
}

/** A task at work, which ends when a test says so. */
export interface Job {
  readonly name: string;
  readonly input: JsonValue;
  readonly task: TaskContext;
  finish(): void;
  fail(error: Error): void;
}

/** What instances do whose work a test follows: `handle` for a fleet, and the jobs as they begin. */
export function followed() {
  const begun: Job[] = [];
  let heard = Promise.withResolvers<void>();
  const handle = async (name: string, task: TaskContext, input: JsonValue) => {
    const { promise, resolve: finish, reject: fail } = Promise.withResolvers<void>();
    begun.push({ name, input, task, finish, fail });
    heard.resolve();
    await promise;
    return name;
  };
  return {
    handle,
    begun,
    /** Waits until so many jobs have begun in all. */
    async hasBegun(count: number): Promise<void> {
      while (begun.length < count) {
        await heard.promise;
        heard = Promise.withResolvers<void>();
      }
    },
  };
}

/** Asks until the answer is as it should be. */
export async function until<T>(ask: () => Promise<T>, answer: T): Promise<void> {
  while ((await ask()) !== answer);
}
