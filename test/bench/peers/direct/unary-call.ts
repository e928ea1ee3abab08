import type { DescMethodUnary, MessageShape } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { unaryMethod } from './unary-method.ts';

/** A unary method as a function that promises its response, over a bare grpc-js client. */
export function unaryCall<M extends DescMethodUnary>(
  client: Client,
  method: M,
): (request: MessageShape<M['input']>) => Promise<MessageShape<M['output']>> {
  const { path, requestSerialize, responseDeserialize } = unaryMethod(method);
  return (request) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
        if (response) resolve(response);
        else reject(error);
      });
    });
}
