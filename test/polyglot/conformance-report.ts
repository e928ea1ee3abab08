import type { Outcome } from '../../services/verify/index.ts';

/**
 * What the kit found of each member, as the page `docs/conformance.md`. It holds nothing that changes from run to
 * run.
 */
export function conformanceReport(found: ReadonlyMap<string, readonly Outcome[]>): string {
  const names = [...found.keys()];
  const [checks = []] = found.values();
  const rows = checks.map(({ id, rule }, i) => {
    const verdicts = names.map((name) => (found.get(name)?.[i]?.verdict === 'pass' ? 'pass' : '–'));
    return `| \`${id}\` | ${rule} | ${verdicts.join(' | ')} |`;
  });
  const totals = names.map((name) => found.get(name)?.filter(({ verdict }) => verdict === 'pass').length);
  return `# Conformance

What \`troupe verify\` finds of members in four languages: agents of the project's own, in TypeScript, and those in
[services/polyglot](../services/polyglot), which are written from the proto alone. \`npm run test:polyglot\` writes this page.

| check | what the contract says | ${names.join(' | ')} |
|---|---|${'---|'.repeat(names.length)}
${rows.join('\n')}
| | checks passed; none failed | ${totals.join(' | ')} |

## What does not apply

${names.map((name) => notApplied(name, found.get(name) ?? [])).join('\n')}
`;
}

/** Why some checks of a member were skipped: a line per reason. */
function notApplied(name: string, outcomes: readonly Outcome[]): string {
  const skipped = outcomes.filter(({ verdict }) => verdict === 'skipped');
  const reasons = Map.groupBy(skipped, ({ seen }) => seen);
  return [...reasons]
    .map(([reason, { length }]) => `- ${name}: ${reason} (${length} ${length === 1 ? 'check' : 'checks'}).`)
    .join('\n');
}
