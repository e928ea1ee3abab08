import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { Code } from '../../rpc/code.ts';
import { packDetail, RpcError } from '../../rpc/rpc-error.ts';
import type { YamlResult } from './yaml-source.ts';

/**
 * What reading a file gave. INVALID_ARGUMENT with every mistake, each with its place, where it cannot be used.
 *
 * @param name What the file holds, as the error begins: `The pipeline`.
 */
export function orThrow<T>({ value, mistakes }: YamlResult<T>, name: string): T {
  if (!mistakes) return value;
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  const fieldViolations = mistakes.map((description) => ({ field: '', description }));
  throw new RpcError(Code.INVALID_ARGUMENT, `${name} has ${count}.`, [
    packDetail(BadRequestSchema, { fieldViolations }),
  ]);
}
