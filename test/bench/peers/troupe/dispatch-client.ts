import { create } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import {
  DispatchRequestSchema,
  OrchestratorService,
} from '../../../../gen/troupe/v1/orchestrator_service_pb.js';
import type { Role } from '../../../processes/role.ts';
import { clientRole } from '../../load/client-role.ts';
import { payloadOf, taskOf } from '../direct/message.ts';
import { unaryCall } from '../direct/unary-call.ts';

/** A caller without any kit: calls Dispatch by grpc-js and protobuf-es alone, as any gRPC client does. */
export function start({ address }: { address: string }): Role {
  const client = new Client(address, credentials.createInsecure());
  const dispatch = unaryCall(client, OrchestratorService.method.dispatch);
  return clientRole(async (payload) => {
    const { message } = await dispatch(create(DispatchRequestSchema, { message: taskOf(payload) }));
    if (!message) throw new Error('The response holds no message.');
    return payloadOf(message);
  });
}
