import type { parse } from '@bufbuild/cel';

/** A parsed expression: a node of CEL's syntax tree. */
export type Expr = ReturnType<typeof parse>['expr'];

/** A macro over a list or map (`map`, `filter`, `all`, `exists`, …) as the parser expands it. */
export type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'];

/** The nodes directly below `expr`, in the order of the text, but for the parts of a comprehension. */
export function childrenOf({ exprKind }: Expr): Expr[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return present([exprKind.value.operand]);
    case 'callExpr':
      return present([exprKind.value.target, ...exprKind.value.args]);
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return present(
        exprKind.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === 'mapKey' ? keyKind.value : undefined,
          value,
        ]),
      );
    case 'comprehensionExpr':
      return present([exprKind.value.iterRange, ...bodyOf(exprKind.value)]);
    default:
      return [];
  }
}

/** What a comprehension does for each item, with what it begins and ends with. */
export function bodyOf({ accuInit, loopCondition, loopStep, result }: Comprehension): Expr[] {
  return present([accuInit, loopCondition, loopStep, result]);
}

/**
 * The name of an identifier; nothing where the node is none. A leading dot, which only says "at the root", is left
 * out.
 */
export function nameOf({ exprKind }: Expr): string | undefined {
  return exprKind.case === 'identExpr' ? exprKind.value.name.replace(/^\./, '') : undefined;
}

/** What `operand.field` and `operand["field"]` select; nothing where the node is neither. */
export function selectionOf({ exprKind }: Expr): { operand: Expr; field: string } | undefined {
  if (exprKind.case === 'selectExpr' && exprKind.value.operand) {
    return { operand: exprKind.value.operand, field: exprKind.value.field };
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined;
  const [operand, index] = exprKind.value.args;
  if (!operand || index?.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = index.exprKind.value;
  return constantKind.case === 'stringValue' ? { operand, field: constantKind.value } : undefined;
}

function present(nodes: readonly (Expr | undefined)[]): Expr[] {
  return nodes.filter((node) => node !== undefined);
}
