import { bodyOf, childrenOf, type Expr, nameOf, selectionOf } from './expression-tree.ts';

/** Something that is wrong with an expression, seen without running it. */
export interface ExpressionProblem {
  /** The node that it is about. */
  readonly node: Expr;
  /** For people: what is wrong, and what would be right. */
  readonly text: string;
}

/** What an expression speaks of. */
export interface Inspection {
  /** `input`, and the names of the steps whose output it uses. */
  readonly references: ReadonlySet<string>;
  /** What is wrong with it. */
  readonly problems: readonly ExpressionProblem[];
}

/** Names that mean a type: `type(input) == map`. */
const TYPES = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
]);

/** Where a node stands. */
interface Place {
  /** The variables of the macros around it. */
  readonly bound: ReadonlySet<string>;
  /** Whether it stands in the body of a macro. */
  readonly inMacro: boolean;
}

/**
 * Finds what an expression refers to, and what is wrong with it whatever the values: unknown variables and functions, a
 * step without `.output`, a macro inside a macro. One macro may go over the result of another (`a.filter(…).map(…)`):
 * that takes no longer than both do.
 */
export function inspectExpression(expr: Expr, isFunction: (name: string) => boolean): Inspection {
  const references = new Set<string>();
  const problems: ExpressionProblem[] = [];
  visit(expr, { bound: new Set(), inMacro: false });
  return { references, problems };

  function visit(node: Expr, place: Place): void {
    const step = stepOf(node, place);
    const selected = selectionOf(node);
    const outputOf = selected?.field === 'output' ? stepOf(selected.operand, place) : undefined;
    if (outputOf !== undefined) references.add(outputOf);
    else if (step !== undefined) report(node, `steps.${step} has only an output: write steps.${step}.output`);
    else if (node.exprKind.case === 'comprehensionExpr') visitMacro(node, place);
    else {
      visitName(node, place);
      visitKind(node);
      for (const child of childrenOf(node)) visit(child, place);
    }
  }

  function visitMacro(node: Expr, place: Place): void {
    if (node.exprKind.case !== 'comprehensionExpr') return;
    const macro = node.exprKind.value;
    if (place.inMacro) {
      report(node, 'a macro (map, filter, all, exists, …) stands inside another: give it a step of its own');
    }
    if (macro.iterRange) visit(macro.iterRange, place);
    const bound = new Set([...place.bound, macro.iterVar, macro.accuVar]);
    for (const child of bodyOf(macro)) visit(child, { bound, inMacro: true });
  }

  function visitName(node: Expr, { bound }: Place): void {
    const name = nameOf(node);
    if (name === undefined || bound.has(name) || TYPES.has(name)) return;
    if (name === 'input') references.add(name);
    else if (name === 'steps') report(node, 'steps stands alone: name the step, as in steps.<name>.output');
    else report(node, `${name} is unknown: there are input and steps.<name>.output`);
  }

  function visitKind(node: Expr): void {
    const { exprKind } = node;
    if (exprKind.case === 'structExpr' && exprKind.value.messageName !== '') {
      report(node, `${exprKind.value.messageName}{…} makes a message: JSON has only {"key": value}`);
    }
    if (exprKind.case === 'callExpr' && !isFunction(exprKind.value.function)) {
      report(node, `there is no function ${exprKind.value.function} with such arguments`);
    }
  }

  function report(node: Expr, text: string): void {
    problems.push({ node, text });
  }
}

/** The step that `steps.<name>` or `steps["<name>"]` names. */
function stepOf(node: Expr, { bound }: Place): string | undefined {
  const selected = selectionOf(node);
  const isStep = selected && nameOf(selected.operand) === 'steps' && !bound.has('steps');
  return isStep ? selected.field : undefined;
}
