import { create } from '@bufbuild/protobuf';
import { AgentService, HandleResponseSchema } from '../../../../gen/troupe/v1/agent_service_pb.js';
import type { Role } from '../../../processes/role.ts';
import { answerTo } from '../../load/payload.ts';
import { payloadOf, resultOf } from './message.ts';
import { serveUnary } from './serve-unary.ts';

/** An agent that serves Handle by grpc-js and protobuf-es alone. */
export async function start(): Promise<Role> {
  const address = await serveUnary(AgentService.method.handle, ({ message }, answer) => {
    if (!message) return answer({ code: 3, details: 'The request holds no message.' });
    const result = resultOf(message, answerTo(payloadOf(message)));
    answer(null, create(HandleResponseSchema, { message: result }));
  });
  return { ready: { address } };
}
