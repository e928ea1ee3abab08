import { setImmediate as nextTurn } from 'node:timers/promises';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Expression } from './expression.ts';
import { parseTemplate, type Template } from './template.ts';
import type { Violations } from './violations.ts';

/** How many bytes the expressions of a pipeline may have together: parsing them costs up to 40 ms a KiB. */
const MAX_EXPRESSIONS_BYTES = 64 * 1_024;

/** How long expressions are compiled before other calls get a turn. */
const TURN_MS = 10;

/** A text of a pipeline that holds `${`. */
export interface PlacedText {
  readonly text: string;
  /** The path to it: `steps[2].payload.title`. */
  readonly field: string;
  /** The index of its step. */
  readonly step: number;
}

/** That a text refers to `input` or to a step. */
export interface TextReference {
  readonly reference: string;
  readonly field: string;
  readonly step: number;
}

/** The texts of a pipeline that hold expressions, taken apart, and those expressions, compiled. */
export interface PipelineTexts {
  /** By text. */
  readonly templates: Map<string, Template>;
  /** By source. */
  readonly expressions: Map<string, Expression>;
}

/** Takes texts apart and compiles their expressions. What is wrong with them is added to `violations`. */
export class TextCompiler {
  /** What was taken apart and compiled. */
  readonly texts: PipelineTexts = { templates: new Map(), expressions: new Map() };
  readonly #violations: Violations;
  readonly #found: { source: string; place: PlacedText }[] = [];
  #bytes = 0;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** Takes a text apart. Throws what is wrong so far where there are over 64 KiB of expressions. */
  add(place: PlacedText): void {
    const template = parseTemplate(place.text, MAX_EXPRESSIONS_BYTES - this.#bytes);
    if ('problem' in template) {
      this.#violations.add({ field: place.field, description: template.problem });
      return;
    }
    this.texts.templates.set(place.text, template);
    for (const part of template) {
      if (typeof part === 'string') continue;
      this.#bytes += Buffer.byteLength(part.expression);
      this.#found.push({ source: part.expression, place });
    }
    if (this.#bytes <= MAX_EXPRESSIONS_BYTES) return;
    const description = `hold over ${MAX_EXPRESSIONS_BYTES} bytes of expressions, which is as much as is allowed`;
    this.#violations.add({ field: 'steps', description });
    this.#violations.check();
  }

  /** Compiles the expressions, and tells what they refer to. CEL is loaded with the first of them: it is heavy. */
  async compile(): Promise<TextReference[]> {
    const references: TextReference[] = [];
    for await (const { source, place, expression } of compiled(this.#found)) {
      const { field, step } = place;
      if (expression instanceof RpcError) {
        this.#violations.add({ field, description: expression.message });
        continue;
      }
      this.texts.expressions.set(source, expression);
      for (const reference of expression.references) references.push({ reference, field, step });
    }
    return references;
  }
}

/** Each expression compiled, or the error that says why it cannot be. */
async function* compiled<T extends { source: string }>(found: readonly T[]) {
  if (found.length === 0) return;
  const { compileExpression } = await import('./expression.ts');
  let turnEnds = performance.now() + TURN_MS;
  for (const one of found) {
    let expression: Expression | RpcError;
    try {
      expression = compileExpression(one.source);
    } catch (error) {
      expression = RpcError.from(error);
    }
    yield { ...one, expression };
    if (performance.now() < turnEnds) continue;
    await nextTurn();
    turnEnds = performance.now() + TURN_MS;
  }
}
