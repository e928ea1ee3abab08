import { describe, expect, it } from 'vitest';
import { toJson } from '../../report/to-json.ts';
import { madeReport } from './made-report.ts';
import { toMarkdown } from './markdown.ts';
import { missedRows } from './missed.ts';
import { toSvg } from './svg.ts';
import { toTable } from './table.ts';

describe('a report', () => {
  it('is a JSON object with machine, rows, and what was skipped', () => {
    const report = JSON.parse(toJson(madeReport(6000)));
    expect(Object.keys(report)).toEqual(['machine', 'rows', 'skipped']);
    expect(report.rows[0]).toMatchObject({
      id: 'link-64',
      unit: 'calls/s',
      value: 6000,
      baseline: 1000,
      ratio: 6,
      must: 5,
      aim: 8,
      met: true,
    });
    expect(report.rows[1]).toMatchObject({
      value: 1234.57,
      baseline: null,
      ratio: null,
      must: null,
      met: null,
    });
  });

  it('names each row that misses, with its figure and what it must reach', () => {
    expect(missedRows(madeReport(5000))).toEqual([]);
    const [line, ...others] = missedRows(madeReport(4900));
    expect(line).toBe(
      'link-64 missed: 4.9 × direct, and ≥ 5 × is a must. Dispatch over a link: 4,900 calls/s.',
    );
    expect(others).toEqual([]);
  });

  it('is a table with a line for each row, and for each that was skipped', () => {
    const [headings, linked, reported, skipped] = toTable(madeReport(4000)).split('\n');
    expect(headings).toContain('must');
    expect(linked).toMatch(
      /^link-64 +4,000 calls\/s \(4,000–4,000\) +direct: 1,000 calls\/s +4 × +≥ 5 × +≥ 8 × +missed$/,
    );
    expect(reported).toMatch(/^state-get +1,230 calls\/s .* reported$/);
    expect(skipped).toBe('link-64-nats skipped: NATS request/reply: there is no nats-server');
  });

  it('is a page with its figures, its machine, and what is said by hand', () => {
    const page = toMarkdown(madeReport(6000), '## What was found\n\nMuch.\n');
    expect(page).toContain(
      '| 6,000 calls/s (6,000–6,000) | direct: 1,000 calls/s | 6 × | ≥ 5 × | ≥ 8 × | met |',
    );
    expect(page).toContain('Measured on 2 cores (A processor), 8 GiB, Linux, Node v24.0.0, on 2026-01-02.');
    expect(page).toContain(
      '| Troupe, over links | 6,000 | 1.5 ms | 3 ms | 60 µs | client 30, orchestrator 10, agent 20 |',
    );
    expect(page).toContain('- `link-64-nats`: NATS request/reply: there is no nats-server');
    expect(page).toContain('## What was found\n\nMuch.\n');
  });

  it('is a chart with a bar for each contestant, as long as its figure', () => {
    const widths = [...toSvg(madeReport(5000)).matchAll(/class="bar(?: ours)?"[^>]* width="([\d.]+)"/g)];
    const [ours, direct] = widths.map(([, width]) => Number(width));
    expect(widths).toHaveLength(2);
    expect(ours! / direct!).toBeCloseTo(5, 1);
  });
});
