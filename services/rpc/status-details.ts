import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { noteNeverSent } from './never-sent.ts';
import { RpcError } from './rpc-error.ts';
import { shortText } from './short-text.ts';

/**
 * The longest status text that is sent, in bytes of UTF-8: it travels percent-encoded, three characters for a
 * byte that is not plain, and has to stay below the 8 KiB of C-core together with the details.
 */
export const MAX_STATUS_TEXT = 512;
/** The most bytes of details that are sent: grpc C-core fails above 8 KiB of metadata in all. */
export const MAX_STATUS_DETAILS = 4096;
/** The trailer that carries the details, as every gRPC library reads and writes it. */
const DETAILS_TRAILER = 'grpc-status-details-bin';

/** An error as grpc-js sends it: the one place where a failure is written to the wire. */
export function toWire(error: RpcError): StatusObject {
  const metadata = new Metadata();
  const status = bounded(error).toStatus();
  if (status.details.length > 0) metadata.set(DETAILS_TRAILER, Buffer.from(toBinary(StatusSchema, status)));
  return { code: status.code, details: status.message, metadata };
}

/** What grpc-js reports of a failed call, as the error that the other side made. */
export function fromWire(failure: ServiceError | StatusObject): RpcError {
  const [bytes] = failure.metadata?.get(DETAILS_TRAILER) ?? [];
  if (bytes instanceof Buffer) {
    try {
      const status = fromBinary(StatusSchema, bytes);
      return new RpcError(failure.code, status.message || failure.details, status.details);
    } catch {
      // Details that cannot be read are no reason to lose the code and the text.
    }
  }
  const error = new RpcError(failure.code, failure.details);
  noteNeverSent(error, failure);
  return error;
}

/**
 * The error within the bounds of the wire: at most 512 bytes of well-formed text, since grpc-js ends the
 * process on a lone surrogate, and as many of its first details as fit into 4 KiB. What no status can hold is left
 * out: it never throws.
 */
export function bounded(error: RpcError): RpcError {
  const whole = RpcError.from(error);
  const message = shortText(whole.message, MAX_STATUS_TEXT);
  const details = [];
  let size = 0;
  for (const detail of whole.details) {
    size += detail.typeUrl.length + detail.value.length + 8;
    if (size > MAX_STATUS_DETAILS) break;
    details.push(detail);
  }
  if (message === whole.message && details.length === whole.details.length) return whole;
  return new RpcError(whole.code, message, details);
}
