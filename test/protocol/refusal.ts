import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.js';
import { reasonOf } from '../../services/protocol/reason.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';

/** How an action was refused: the reason, the text, and the fields that were said to be wrong. */
export interface Refusal {
  reason: string | undefined;
  text: string;
  fields: string[];
}

/** Runs an action that must fail with an error of the mesh, and tells how it did. */
export async function refusal(action: () => unknown): Promise<Refusal> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const fields = error.detail(BadRequestSchema)?.fieldViolations.map(({ field }) => field) ?? [];
    return { reason: reasonOf(error), text: error.message, fields };
  }
  throw new Error('Nothing was refused.');
}
