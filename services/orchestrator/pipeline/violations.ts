import { troupeError, type Violation } from '../../protocol/reason.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';

/** How many violations are looked for: whoever made so many has enough to go by. */
export const MAX_VIOLATIONS = 32;

/** What is wrong with a pipeline, as far as it was looked at. */
export class Violations {
  readonly #found: Violation[] = [];

  /** Notes one. The 32nd throws the error that `check` would: what a stranger's mistakes cost has a bound. */
  add(violation: Violation): void {
    this.#found.push(violation);
    if (this.#found.length === MAX_VIOLATIONS) throw this.#error('at least ');
  }

  /** Notes each of several. */
  addAll(violations: Iterable<Violation>): void {
    for (const violation of violations) this.add(violation);
  }

  /** INVALID_PIPELINE with all of them, where there are any. */
  check(): void {
    if (this.#found.length > 0) throw this.#error('');
  }

  #error(atLeast: string): RpcError {
    const { field, description } = this.#found[0]!;
    const more = this.#found.length - 1;
    const others = more > 0 ? ` (and ${atLeast}${more} more)` : '';
    return troupeError('INVALID_PIPELINE', `The pipeline cannot be run: ${field}: ${description}${others}`, {
      violations: this.#found,
    });
  }
}
