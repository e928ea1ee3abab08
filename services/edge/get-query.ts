import { base64Decode } from '@bufbuild/protobuf/wire';
import { malformed, type Refusal } from './refusal.ts';

/**
 * The refusal of a GET whose query says that its `message` is base64, which it is not; nothing where all is well.
 * Connect answers that as a fault of the server.
 */
export function checkQuery(url: string): Refusal | undefined {
  const { searchParams } = new URL(url);
  if (searchParams.get('base64') !== '1') return undefined;
  try {
    base64Decode(searchParams.get('message') ?? '');
    return undefined;
  } catch {
    return malformed('The "message" of the query is no base64: encode it, or leave "base64=1" out.');
  }
}
