const PLAIN_NAME = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

/**
 * Where a value stands, for people and as `field` of a violation: `fieldPath('payload', ['items', 2, 'name'])` is
 * `payload.items[2].name`. A name that would read badly so is quoted: `payload["a name"]`.
 */
export function fieldPath(root: string, keys: readonly (string | number)[]): string {
  let path = root;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += PLAIN_NAME.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }
  return path;
}
