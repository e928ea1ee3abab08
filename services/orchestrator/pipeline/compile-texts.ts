import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Violation } from '../../protocol/reason.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Expression } from './expression.ts';
import { parseTemplate, type Template } from './template.ts';

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

/** What became of the texts of a pipeline. */
export interface CompiledTexts {
  readonly texts: PipelineTexts;
  readonly references: readonly TextReference[];
  readonly violations: readonly Violation[];
}

/** Takes texts apart and compiles their expressions. CEL is loaded when the first expression is met: it is heavy. */
export async function compileTexts(places: readonly PlacedText[]): Promise<CompiledTexts> {
  const texts: PipelineTexts = { templates: new Map(), expressions: new Map() };
  const violations: Violation[] = [];
  const found: { source: string; place: PlacedText }[] = [];
  for (const place of places) {
    const template = parseTemplate(place.text);
    if ('problem' in template) {
      violations.push({ field: place.field, description: template.problem });
      continue;
    }
    texts.templates.set(place.text, template);
    for (const part of template) {
      if (typeof part !== 'string') found.push({ source: part.expression, place });
    }
  }
  const bytes = found.reduce((sum, { source }) => sum + Buffer.byteLength(source), 0);
  if (bytes > MAX_EXPRESSIONS_BYTES) {
    const description = `hold ${bytes} bytes of expressions; at most ${MAX_EXPRESSIONS_BYTES} are allowed`;
    return { texts, references: [], violations: [...violations, { field: 'steps', description }] };
  }
  const references: TextReference[] = [];
  for await (const { source, place, expression } of compiled(found)) {
    const { field, step } = place;
    if (expression instanceof RpcError) {
      violations.push({ field, description: expression.message });
      continue;
    }
    texts.expressions.set(source, expression);
    for (const reference of expression.references) references.push({ reference, field, step });
  }
  return { texts, references, violations };
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
