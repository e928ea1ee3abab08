/** What a check throws when the agent does not keep the rule: `seen` is what it did instead. */
export function breach(seen: string): Error {
  return new Error(seen);
}
