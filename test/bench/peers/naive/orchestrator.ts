import { create } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import { AgentService, HandleRequestSchema } from '../../../../gen/troupe/v1/agent_service_pb.js';
import {
  DispatchResponseSchema,
  OrchestratorService,
} from '../../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Role } from '../../../processes/role.ts';
import { serveUnary } from '../direct/serve-unary.ts';
import { unaryCall } from '../direct/unary-call.ts';

/** The orchestrator that one writes first: takes a unary call, and makes one to the agent. It does nothing else. */
export async function start({ agent }: { agent: string }): Promise<Role> {
  const handle = unaryCall(new Client(agent, credentials.createInsecure()), AgentService.method.handle);
  const address = await serveUnary(OrchestratorService.method.dispatch, ({ message }, answer) => {
    handle(create(HandleRequestSchema, { message })).then(
      (response) => answer(null, create(DispatchResponseSchema, { message: response.message })),
      (error) => answer(error),
    );
  });
  return { ready: { address } };
}
