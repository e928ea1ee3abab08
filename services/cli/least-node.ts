/**
 * The least Node that runs what is published: from it on JSON modules come without a warning, beside `zlib.crc32` (22.2) and
 * `Promise.withResolvers` (22.0).
 */
export const LEAST_NODE = '22.12.0';

/** What to tell people whose Node, of that version (`20.19.0`), is older; nothing where it is not. */
export function tooOld(version: string): string | undefined {
  if (numberOf(version) >= numberOf(LEAST_NODE)) return undefined;
  return `troupe needs Node ${LEAST_NODE} or later, and this is Node ${version}. Install a later one: https://nodejs.org`;
}

/** A version as one number, its last part left out. */
function numberOf(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
}
