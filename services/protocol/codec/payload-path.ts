import { RpcError } from '../../rpc/rpc-error.ts';
import { fieldPath } from '../field-path.ts';
import { troupeError } from '../reason.ts';

/**
 * How many arrays and objects may stand in one another in a payload. Most protobuf libraries refuse messages nested
 * over 100 deep, and an object in a Value takes three of them (Value, Struct, map entry), with three more around the
 * whole: (100 - 3) / 3.
 */
export const MAX_PAYLOAD_DEPTH = 32;

/** The names and indices on the way to a value in a payload. Its length is how deep the value stands. */
export type Path = (string | number)[];

/** Refuses to go into an array or object that stands too deep, INVALID_PAYLOAD. */
export function enterPath(path: Path): void {
  if (path.length >= MAX_PAYLOAD_DEPTH) {
    throw invalidPayload(
      [],
      `is nested more than ${MAX_PAYLOAD_DEPTH} deep (or holds itself): make it flatter`,
    );
  }
}

/** The refusal, INVALID_PAYLOAD, of the value at `path` of a payload. */
export function invalidPayload(path: Path, description: string): RpcError {
  const field = fieldPath('payload', path);
  return troupeError('INVALID_PAYLOAD', `${field} ${description}`, { violations: [{ field, description }] });
}

/** The refusal of a payload whose bytes are no Value. */
export function undecodable(cause: unknown): RpcError {
  return invalidPayload([], `is no google.protobuf.Value that can be read: ${RpcError.from(cause).message}`);
}

/** The refusal of a number that JSON does not have. */
export function notFinite(number: number, path: Path): RpcError {
  return invalidPayload(path, `is ${number}, which JSON does not have: send null or a text instead`);
}
