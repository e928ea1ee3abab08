import { create } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import { AgentService, HandleRequestSchema } from '../../../../gen/troupe/v1/agent_service_pb.js';
import type { Role } from '../../../processes/role.ts';
import { clientRole } from '../../load/client-role.ts';
import { payloadOf, taskOf } from './message.ts';
import { unaryCall } from './unary-call.ts';

/** A caller that calls Handle by grpc-js and protobuf-es alone. */
export function start({ address }: { address: string }): Role {
  const handle = unaryCall(new Client(address, credentials.createInsecure()), AgentService.method.handle);
  return clientRole(async (payload) => {
    const { message } = await handle(create(HandleRequestSchema, { message: taskOf(payload) }));
    if (!message) throw new Error('The response holds no message.');
    return payloadOf(message);
  });
}
