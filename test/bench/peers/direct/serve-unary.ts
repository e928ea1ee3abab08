import type { DescMethodUnary, MessageShape } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { unaryMethod } from './unary-method.ts';

/** Serves one unary method by bare grpc-js, at a free port. Answers where. */
export function serveUnary<M extends DescMethodUnary>(
  method: M,
  handle: (request: MessageShape<M['input']>, answer: sendUnaryData<MessageShape<M['output']>>) => void,
): Promise<string> {
  const server = new Server();
  type Served = ServerUnaryCall<MessageShape<M['input']>, MessageShape<M['output']>>;
  server.addService(
    { method: unaryMethod(method) },
    {
      method: ({ request }: Served, answer: sendUnaryData<MessageShape<M['output']>>) =>
        handle(request, answer),
    },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
}
