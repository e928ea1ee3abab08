import {
  type CelEnv,
  type CelFunc,
  type CelList,
  CelScalar,
  type CelValue,
  celEnv,
  celFunc,
  celList,
  listType,
  mapType,
} from '@bufbuild/cel';
import { APPEND } from './rewrite-expression.ts';

const { BOOL, DOUBLE, DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);
const MAP = mapType(DYN, DYN);

/**
 * CEL with its standard functions, and what JSON asks of them: every number of JSON is a double, and CEL by itself
 * knows no `double + int`, so that `input.n + 1` would fail. Where an integer meets a double, it is taken as one.
 */
export function expressionEnvironment(): CelEnv {
  return celEnv({ funcs: [...arithmetic(), ...membership(), append()] });
}

function arithmetic(): CelFunc[] {
  const operators: [string, (left: number, right: number) => number][] = [
    ['_+_', (left, right) => left + right],
    ['_-_', (left, right) => left - right],
    ['_*_', (left, right) => left * right],
    ['_/_', (left, right) => left / right],
    ['_%_', (left, right) => left % right],
  ];
  return operators.flatMap(([name, apply]) => [
    celFunc(name, [INT, DOUBLE], DOUBLE, (left, right) => apply(Number(left), right)),
    celFunc(name, [DOUBLE, INT], DOUBLE, (left, right) => apply(left, Number(right))),
    celFunc(name, [DOUBLE, DOUBLE], DOUBLE, apply),
  ]);
}

/** `key in map`, true where the value is null as well. */
function membership(): CelFunc[] {
  return [STRING, DOUBLE, INT, BOOL].map((key) =>
    celFunc(
      '@in',
      [key, MAP],
      BOOL,
      (key, map) => map.get(key as string | number | bigint | boolean) !== undefined,
    ),
  );
}

/** Collects the items of a macro in one array: none but the macro itself sees the list before it is whole. */
function append(): CelFunc {
  const growing = new WeakMap<CelList, CelValue[]>();
  return celFunc(APPEND, [LIST, LIST], LIST, (list, items) => {
    const array = growing.get(list);
    if (array) {
      array.push(...items);
      return list;
    }
    const begun = [...list, ...items];
    const whole = celList(begun);
    growing.set(whole, begun);
    return whole;
  });
}
