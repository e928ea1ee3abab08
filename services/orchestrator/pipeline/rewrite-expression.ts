import { childrenOf, type Expr, nameOf } from './expression-tree.ts';

/** The function that `map` and `filter` collect with; no expression can name it. */
export const APPEND = '@append';

/**
 * Rewrites, in the tree itself, what @bufbuild/cel (0.6) would otherwise do badly:
 * - `map` and `filter` collect by `list + [item]`, a new list for each item, which overflows the stack at some 5,000
 *   items: they collect by `@append(list, [item])` instead.
 * - `has(a.b)` is false where `b` is null: it becomes `"b" in a`, which says the same otherwise.
 */
export function rewriteExpression(expr: Expr): void {
  const { exprKind } = expr;
  if (exprKind.case === 'callExpr' && exprKind.value.function === '_+_') {
    const [list, item] = exprKind.value.args;
    const collects = list && nameOf(list) === '@result' && item?.exprKind.case === 'listExpr';
    if (collects) exprKind.value.function = APPEND;
  }
  if (exprKind.case === 'selectExpr' && exprKind.value.testOnly && exprKind.value.operand) {
    const { operand, field } = exprKind.value;
    expr.exprKind = {
      case: 'callExpr',
      value: { $typeName: 'cel.expr.Expr.Call', function: '@in', args: [textNode(expr.id, field), operand] },
    };
  }
  for (const child of childrenOf(expr)) rewriteExpression(child);
}

function textNode(id: bigint, text: string): Expr {
  return {
    $typeName: 'cel.expr.Expr',
    id,
    exprKind: {
      case: 'constExpr',
      value: { $typeName: 'cel.expr.Constant', constantKind: { case: 'stringValue', value: text } },
    },
  };
}
