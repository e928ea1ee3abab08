import { fieldPath } from '../protocol/field-path.ts';
import { quoted } from '../protocol/quoted.ts';
import type { Violation } from '../protocol/reason.ts';
import { MAX_TTL_MS } from '../protocol/ttl.ts';
import type { AgentDefinition } from './definition.ts';

/** The most that a limit on tasks may be: an int32, which `max_concurrency` is on the card. */
const MAX_LIMIT = 2 ** 31 - 1;

/**
 * What is wrong with a definition that its card does not tell, in the words of its author. Types say the same, but who
 * writes JavaScript, or computes a limit, finds out here and not at the first task.
 */
export function checkDefinition(definition: AgentDefinition): Violation[] {
  const violations: Violation[] = [];
  const check = (ok: boolean, field: string, value: unknown, rule: string) => {
    if (!ok) violations.push({ field, description: `is ${quoted(value)}: it must be ${rule}` });
  };
  const { capabilities, ...limits } = definition;
  for (const field of ['maxConcurrency', 'maxWaiting'] as const) {
    const limit = limits[field];
    check(limit === undefined || isLimit(limit), field, limit, `a whole number from 0 to ${MAX_LIMIT}`);
  }
  check(isObject(capabilities), 'capabilities', capabilities, 'an object, of what the agent can do by name');
  for (const [name, capability] of Object.entries(isObject(capabilities) ? capabilities : {})) {
    const fieldOf = (key: string) => fieldPath('capabilities', [name, key]);
    // Whoever passes the function itself, or nothing at all, has no `handle` either.
    const { handle, defaultTtlMs } = capability ?? {};
    check(typeof handle === 'function', fieldOf('handle'), handle, 'a function, which does the work');
    const rule = `a number of milliseconds over 0 and up to ${MAX_TTL_MS}`;
    check(defaultTtlMs === undefined || isTtl(defaultTtlMs), fieldOf('defaultTtlMs'), defaultTtlMs, rule);
  }
  return violations;
}

function isLimit(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_LIMIT;
}

function isTtl(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= MAX_TTL_MS;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
