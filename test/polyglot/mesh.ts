import { createServer } from 'node:net';
import { type Agent, RosterEventType } from '../../gen/troupe/v1/roster_pb.js';
import { type Child, type ChildCommand, startChild } from '../../services/cli/mesh/child.ts';
import { Troupe } from '../../services/client/index.ts';
import { type Orchestrator, startOrchestrator } from '../../services/orchestrator/orchestrator.ts';

/** How long a member may take to end, in milliseconds; then it is killed. */
const GRACE_MS = 15_000;
/** How long a lease runs, in milliseconds: short, so that every test lives on renewed ones. */
const LEASE_MS = 3000;

/** A port of 127.0.0.1 that nobody listens at. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

/** A process that was started, with all that it wrote. */
export interface Started {
  child: Child;
  /** The lines of its standard output, and those of its standard error. */
  said: string[];
  /** Where it says that it serves. Fails where it ends first. */
  address: Promise<string>;
}

/** A mesh for tests: a real orchestrator, a caller, and members as processes. */
export class Mesh {
  /** Where its orchestrator is. */
  readonly address: string;
  /** A caller. */
  readonly troupe: Troupe;
  #orchestrator: Orchestrator | undefined;
  readonly #static: string[] = [];
  readonly #children: Child[] = [];

  private constructor(address: string) {
    this.address = address;
    this.troupe = new Troupe(address, { id: 'tester' });
  }

  /** A mesh whose orchestrator is not up yet. */
  static async create(): Promise<Mesh> {
    return new Mesh(await freeAddress());
  }

  /** Starts the orchestrator; `looksAfter` adds to the addresses in its configuration. */
  async up(...looksAfter: string[]): Promise<void> {
    this.#static.push(...looksAfter);
    this.#orchestrator = await startOrchestrator({
      listen: this.address,
      static: this.#static,
      leaseMs: LEASE_MS,
    });
  }

  /** Cuts the orchestrator off, and starts it again at the same address; it has forgotten everybody. */
  async restart(): Promise<void> {
    await this.#orchestrator?.close();
    await this.up();
  }

  /** Starts a process, which finds the orchestrator in its environment. */
  start(command: ChildCommand): Started {
    const said: string[] = [];
    const address = Promise.withResolvers<string>();
    address.promise.catch(() => {});
    const hear = async (line: string) => void said.push(line);
    const env = { ...command.env, TROUPE_ORCHESTRATORS: this.address };
    const child = startChild(
      { ...command, env },
      { out: hear, err: hear, ready: (ready) => address.resolve(ready.address) },
      process.kill,
    );
    this.#children.push(child);
    void child.exited.then((how) =>
      address.reject(new Error(`it ${how} before it served:\n${said.join('\n')}`)),
    );
    return { child, said, address: address.promise };
  }

  /** Waits until an agent is on the roster as `wanted` says. */
  async seen(id: string, wanted: (agent: Agent | undefined) => boolean): Promise<Agent | undefined> {
    const { orchestrator } = await this.troupe.reach();
    let there = false;
    for await (const { event } of orchestrator.watchAgents({})) {
      if (event?.type === RosterEventType.SYNCED && !there && wanted(undefined)) return undefined;
      if (event?.agent?.id !== id) continue;
      there = event.type !== RosterEventType.REMOVED;
      const agent = there ? event.agent : undefined;
      if (wanted(agent)) return agent;
    }
    throw new Error(`The orchestrator ended before ${id} was seen as wanted.`);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.troupe.close();
    await Promise.all(this.#children.map((child) => child.stop(GRACE_MS)));
    await this.#orchestrator?.close();
  }
}
