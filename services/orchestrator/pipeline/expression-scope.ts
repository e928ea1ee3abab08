import type { CelInput } from '@bufbuild/cel';
import type { Value } from '@bufbuild/protobuf/wkt';
import { fromValue } from '../../protocol/value.ts';
import { jsonToCel } from './json-to-cel.ts';

/** What an expression is evaluated with. */
export type Variables = Readonly<Record<string, CelInput>>;

/** What the variable is called that holds the pipeline's input. */
const INPUT = 'input';

/**
 * What the expressions of a run may look into. It holds that as it came, encoded, since a pipeline may wait for its
 * agents for an hour; as JSON the smallest values take 16 times as much, and as values of CEL some 120 times.
 */
export class ExpressionScope {
  readonly #values = new Map<string, Value>();

  /** A scope with the pipeline's input, and no step yet. */
  constructor(input: Value) {
    this.#values.set(INPUT, input);
  }

  /** Adds the output of a step. */
  add(step: string, output: Value): void {
    this.#values.set(step, output);
  }

  /** Reads what `references` name, `input` and steps that have finished: for one step, and to be let go after it. */
  read(references: Iterable<string>): Variables {
    const steps = new Map<string, CelInput>();
    let input: CelInput = null;
    for (const reference of references) {
      const value = jsonToCel(fromValue(this.#values.get(reference)));
      if (reference === INPUT) input = value;
      else steps.set(reference, new Map([['output', value]]));
    }
    return { input, steps };
  }
}
