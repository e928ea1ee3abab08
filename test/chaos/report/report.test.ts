import { expect, it } from 'vitest';
import { toJson } from '../../report/to-json.ts';
import { madeReport } from './made-report.ts';
import { toMarkdown } from './markdown.ts';
import { missedRows } from './missed.ts';
import { toTable } from './table.ts';

it('is a JSON object with machine, rows, and what was skipped', () => {
  const report = JSON.parse(toJson(madeReport(40)));
  expect(Object.keys(report)).toEqual(['machine', 'rows', 'skipped']);
  expect(report.rows[0]).toMatchObject({
    id: 'freeze',
    fault: 'SIGSTOP 10 s',
    must: 'p99 ≤ 50 ms',
    seen: 'p99: 40 ms',
    figures: { p99Ms: 40, calls: 1234.57 },
    met: true,
  });
  expect(report.skipped).toEqual([{ id: 'clock', why: 'there is no faketime' }]);
});

it('is a table of verdicts for a terminal, with what was seen below it', () => {
  const lines = toTable(madeReport(60)).split('\n');
  expect(lines[0]).toMatch(/^row +verdict +took +machine stalled +fault$/);
  expect(lines[1]).toMatch(/^freeze +MISSED +12\.3 s +6 ms +SIGSTOP 10 s$/);
  expect(lines).toContain('  must  p99 ≤ 50 ms');
  expect(lines).toContain('  seen  p99: 60 ms (missed: ≤ 50 ms)');
  expect(lines.at(-1)).toBe('clock skipped: there is no faketime');
  expect(toTable(madeReport(50))).toMatch(/freeze +met/);
});

it('names each row that misses, with what it must and what was seen', () => {
  expect(missedRows(madeReport(50))).toEqual([]);
  expect(missedRows(madeReport(60))).toEqual([
    'freeze missed (SIGSTOP 10 s). It must: p99 ≤ 50 ms. Seen: p99: 60 ms (missed: ≤ 50 ms).',
  ]);
});

it('is a page with its rows, its machine, what was not run, and what is said by hand', () => {
  const page = toMarkdown(madeReport(60), '## What was found\n\nMuch.\n');
  expect(page).toContain(
    '| An instance freezes<br>`freeze` | SIGSTOP 10 s | p99 ≤ 50 ms | p99: 60 ms (missed: ≤ 50 ms) | **missed** |',
  );
  expect(page).toContain('Measured on 2 cores (A processor), 8 GiB, Linux, Node v24.0.0, on 2026-01-02.');
  expect(page).toContain('kept a thread that does nothing from running, meanwhile: 5.6 ms.');
  expect(page).toContain('- `clock`: there is no faketime');
  expect(page).toContain('[reliability-knobs.md](reliability-knobs.md)');
  expect(page).toContain('## What was found\n\nMuch.\n');
});
