import { type DescField, type DescMessage, type DescMethod, ScalarType } from '@bufbuild/protobuf';
import type { Limits } from './limits.ts';

/** How large a request of a method may be, in bytes: those that carry what callers made may be larger than others. */
export function requestBytes(method: DescMethod, limits: Limits): number {
  if (carriesPayload(method.input)) return limits.messageBytes;
  return Math.min(limits.controlMessageBytes, limits.messageBytes);
}

/** Whether a message holds bytes or a JSON value, or a message that does. */
function carriesPayload(desc: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (desc.typeName === 'google.protobuf.Value') return true;
  if (seen.has(desc)) return false;
  seen.add(desc);
  return desc.fields.some(
    (field) => scalarOf(field) === ScalarType.BYTES || (field.message && carriesPayload(field.message, seen)),
  );
}

/** What a field holds one or many of, where that is a scalar. */
function scalarOf(field: DescField): ScalarType | undefined {
  return field.fieldKind === 'map' && field.mapKind !== 'scalar' ? undefined : field.scalar;
}
