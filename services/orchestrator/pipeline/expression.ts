import { isCelError, parse, plan } from '@bufbuild/cel';
import { troupeError } from '../../protocol/reason.ts';
import type { JsonValue } from '../../protocol/value.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import { celToJson, type Room } from './cel-json.ts';
import { expressionEnvironment } from './expression-environment.ts';
import type { Variables } from './expression-scope.ts';
import { type ExpressionProblem, inspectExpression } from './inspect-expression.ts';
import { rewriteExpression } from './rewrite-expression.ts';

/** What the planner does itself, without a function. */
const BUILT_IN = new Set(['_&&_', '_||_', '_?_:_', '_[_]', '@not_strictly_false']);

/** An expression that can be evaluated. */
export interface Expression {
  /** `input`, and the names of the steps whose output it uses. */
  readonly references: ReadonlySet<string>;
  /**
   * Its value as JSON, where `variables` hold what it refers to. Of that `room` says how much there may be. INVALID_PIPELINE where it has none: a key is
   * missing, types do not go together, the result is no JSON or too large.
   */
  evaluate(variables: Variables, room: Room): JsonValue;
}

const environment = expressionEnvironment();

/**
 * Compiles an expression in CEL. INVALID_PIPELINE, with line, column and offset, where it does not parse, speaks of
 * something unknown, or has a macro inside a macro.
 */
export function compileExpression(source: string): Expression {
  const { expr, positions } = parsed(source);
  const isFunction = (name: string) => BUILT_IN.has(name) || environment.funcs.find(name) !== undefined;
  const { references, problems } = inspectExpression(expr, isFunction);
  const [first] = problems;
  if (first) throw invalid(source, problemText(source, positions, first));

  rewriteExpression(expr);
  const evaluate = plan(environment, expr);
  return {
    references,
    evaluate(variables, room) {
      const value = evaluate(variables);
      if (isCelError(value)) throw invalid(source, value.message);
      try {
        return celToJson(value, room);
      } catch (error) {
        throw invalid(source, (error as Error).message);
      }
    },
  };
}

function parsed(source: string) {
  try {
    const { expr, sourceInfo } = parse(source);
    return { expr, positions: sourceInfo?.positions ?? {} };
  } catch (error) {
    const { message, rawMessage, location } = error as Error & Partial<ParseError>;
    const text = rawMessage ?? message;
    throw invalid(source, location ? `${place(source, location.start.offset)}: ${text}` : text);
  }
}

/** What @bufbuild/cel's errors of parsing hold, which it does not export. */
interface ParseError {
  rawMessage: string;
  location: { start: { offset: number } };
}

function problemText(
  source: string,
  positions: Record<string, number>,
  { node, text }: ExpressionProblem,
): string {
  const offset = positions[String(node.id)];
  return offset === undefined ? text : `${place(source, offset)}: ${text}`;
}

/** A place in a text, counted from 1 but for the offset. */
function place(source: string, offset: number): string {
  const lines = source.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}, offset ${offset}`;
}

function invalid(source: string, problem: string): RpcError {
  return troupeError('INVALID_PIPELINE', `\${${source}}: ${problem}`);
}
