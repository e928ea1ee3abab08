import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Value } from '@bufbuild/protobuf/wkt';
import { AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { OrchestratorOptions } from '../../services/orchestrator/config.ts';
import type { MemberInit } from '../orchestrator/bare-member.ts';
import type { AgentWay, TestMesh, TestOrchestrator } from '../orchestrator/test-mesh.ts';

/** A message as a test writes it. */
export type MessageInit = MessageInitShape<typeof AgentMessageSchema>;

/** A Value that holds nothing. */
export const NO_KIND: Value = { $typeName: 'google.protobuf.Value', kind: { case: undefined } };
/** One that holds what JSON does not have. */
export const NAN: Value = {
  $typeName: 'google.protobuf.Value',
  kind: { case: 'numberValue', value: Number.NaN },
};
/** A list of one that holds nothing. */
export const LIST: Value = {
  $typeName: 'google.protobuf.Value',
  kind: { case: 'listValue', value: { $typeName: 'google.protobuf.ListValue', values: [NO_KIND] } },
};

/** A RESULT that holds `payload`. */
export const result = (payload: Value): MessageInit => ({ type: MessageType.RESULT, payload });

/** A member that answers every task with `reply`, and can do nothing else. */
export function answering(way: AgentWay, reply: (task: string) => MessageInit): MemberInit {
  if (way === 'Handle') return { handle: ({ message }) => ({ message: reply(message!.task) }) };
  return {
    card: { servesLink: true },
    async *link(requests) {
      for await (const { messages } of requests) {
        const tasks = messages.filter(({ type }) => type === MessageType.TASK);
        yield {
          messages: tasks.map(({ id, task }) =>
            Object.assign(create(AgentMessageSchema, reply(task)), { correlationId: id }),
          ),
        };
      }
    },
  };
}

/** An orchestrator with an HTTP door that knows the member. */
export async function withMember(
  mesh: TestMesh,
  init: MemberInit,
  options: OrchestratorOptions = {},
): Promise<TestOrchestrator> {
  const { address } = await mesh.member(init);
  const orchestrator = await mesh.orchestrator({ http: '127.0.0.1:0', ...options });
  await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'stranger-1', address });
  return orchestrator;
}
