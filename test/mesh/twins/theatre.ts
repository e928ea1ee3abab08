import { randomUUID } from 'node:crypto';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { Troupe } from '../../../services/client/index.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { describeFailure, type TestMesh, type TestOrchestrator } from '../../orchestrator/test-mesh.ts';
import { agentWithoutLink, orchestratorWithoutLink } from '../../orchestrator/without-link.ts';
import { Role } from './role.ts';
import type { Race, Script } from './script.ts';
import { Stage } from './stage.ts';
import { AGENTS, strangersWays, troupesWays, type Way } from './ways.ts';

/** What became of one task of a script on one way. */
export interface History {
  role: Role;
  /** How the message log tells it, the task first; nothing where its id was sent twice. */
  log: string[] | undefined;
}

/** One mesh, with two agents that differ only in how their tasks come, and every way to them. */
export interface Theatre {
  /** The ways of strangers, and those of the client. */
  ways: Record<'stranger' | 'troupe', Way[]>;
  /** Plays a script on a way, turn by turn, to the end of all that it began. */
  play(script: Script, way: Way): Promise<History[]>;
  /** Lets ends race on a way. */
  race(races: readonly Race[], way: Way): Promise<Role[]>;
  /** How many tasks each agent, and the orchestrator with each of them, believes in flight. */
  inFlight(): Promise<Record<string, number>>;
}

/** Opens a theatre in a mesh. */
export async function openTheatre(mesh: TestMesh): Promise<Theatre> {
  const stage = new Stage();
  const linked = await mesh.agent(stage.agent('linked'), { instanceId: 'linked-1' });
  const called = await agentWithoutLink(stage.agent('called'), { instanceId: 'called-1' });
  mesh.defer(() => called.close());
  const orchestrator = await mesh.orchestrator({ static: [linked.address, called.address], leaseMs: 1 });
  const plain = await orchestratorWithoutLink(orchestrator.address);
  mesh.defer(() => plain.close());
  const [withLink, withoutLink] = [orchestrator.address, plain.address].map((address) => {
    const troupe = new Troupe(address, { id: 'player' });
    mesh.defer(() => troupe.close());
    return troupe;
  });
  for (const id of Object.keys(AGENTS)) await orchestrator.knows(id);
  const troupes = { 'over a link': withLink!, 'without a link': withoutLink! };
  // Whoever still has to connect has less time.
  for (const troupe of Object.values(troupes)) await troupe.dispatch('linked.echo', null);

  let plays = 0;
  const cast = (parts: readonly Role['part'][], way: Way) => {
    const play = `play ${++plays}, ${way.name}`;
    return parts.map((part, n) => new Role(part, way, stage, `${play}, task ${n}`));
  };
  return {
    ways: { stranger: strangersWays(orchestrator.send), troupe: troupesWays(troupes) },

    async play({ parts, turns }, way) {
      const roles = cast(parts, way);
      for (const turn of turns) await Promise.all(turn.map((n) => roles[n]!.step()));
      while (!roles.every(({ done }) => done)) await Promise.all(roles.map((role) => role.step()));
      await Promise.all(roles.map((role) => role.curtain()));
      await flush(way);
      const log = async (role: Role) => (role.part.copied ? undefined : recordsOf(orchestrator, role.key));
      return Promise.all(roles.map(async (role) => ({ role, log: await log(role) })));
    },

    async race(races, way) {
      const roles = cast(
        races.map(({ part }) => part),
        way,
      );
      await Promise.all(
        roles.map(async (role, n) => {
          const { cancelAfter = Number.POSITIVE_INFINITY, endAfter } = races[n]!;
          role.send();
          for (let turn = 0; turn <= Math.max(endAfter, cancelAfter === Infinity ? 0 : cancelAfter); turn++) {
            if (turn === cancelAfter) role.cancel();
            if (turn === endAfter) role.finish();
            else role.progress(turn);
            await new Promise((resolve) => setImmediate(resolve));
          }
          await role.ended();
        }),
      );
      await Promise.all(roles.map((role) => role.curtain()));
      await flush(way);
      return roles;
    },

    async inFlight() {
      const counts: Record<string, number> = {};
      for (const id of Object.keys(AGENTS)) {
        const { agent } = await orchestrator.rpc.getAgent({ agentId: id });
        const { message } = await orchestrator.rpc.send({
          message: { receiver: id, type: MessageType.HEARTBEAT },
        });
        counts[`with ${id}`] = agent!.instances[0]!.inFlight;
        counts[`at ${id}`] = message!.heartbeat!.inFlight;
      }
      return counts;
    },
  };
}

/** Once this is answered, whatever was said before on the same way has been heard. */
async function flush(way: Way): Promise<void> {
  const ask = { payload: 'flush', verb: 'echo' };
  const part = { ask, odd: {}, byReceiver: false, progress: [] } as unknown as Role['part'];
  const { signal } = new AbortController();
  await new Promise<void>((hear) =>
    way.send(part, { key: 'flush', id: randomUUID(), signal, hear: () => hear() }),
  );
}

async function recordsOf({ rpc }: TestOrchestrator, key: string): Promise<string[]> {
  const find = async (correlationId: string) =>
    (await rpc.listMessages({ filter: { correlationId } })).records;
  const [task] = await find(key);
  if (!task) return [];
  return (await find(task.message!.id)).toReversed().map(({ message, outcome, instanceId }) => {
    const end = outcome?.code ? describeFailure(RpcError.fromStatus(outcome)) : '';
    return `${MessageType[message!.type]} ${end} ${instanceId === '' ? 'nowhere' : 'somewhere'}`;
  });
}
