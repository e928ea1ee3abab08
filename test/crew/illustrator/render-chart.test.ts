import type { Element } from 'hast';
import { toString as textOf } from 'hast-util-to-string';
import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { describe, expect, it } from 'vitest';
import { renderChart } from '../../../services/crew/illustrator/render-chart.ts';

const data = [
  { label: 'Anna', value: 3 },
  { label: 'Ben', value: 7 },
];

function elements(svg: string): Element[] {
  const found: Element[] = [];
  const tree = unified().use(rehypeParse, { fragment: true }).parse(svg);
  visit(tree, 'element', (element) => void found.push(element));
  return found;
}

const textsIn = (svg: string) =>
  elements(svg)
    .filter(({ tagName }) => tagName === 'text')
    .map(textOf);

describe('renderChart', () => {
  it.each(['bar', 'line', 'pie'] as const)('draws a %s chart with its title and labels', async (kind) => {
    const chart = await renderChart({ kind, title: 'Applause', data });
    const texts = textsIn(chart.svg).join(' ');
    expect(texts).toContain('Applause');
    expect(texts).toContain('Anna');
    expect(texts).toContain('Ben');
    expect(chart).toMatchObject({ width: 720, height: 360 });
    expect(elements(chart.svg)[0]?.properties).toMatchObject({ role: 'img', ariaLabel: 'Applause' });
  });

  it('draws a bar as high as its value', async () => {
    const { svg } = await renderChart({ kind: 'bar', title: 'Applause', data: [data[0]!] });
    const twice = await renderChart({
      kind: 'bar',
      title: 'Applause',
      data: [data[0]!, { label: 'B', value: 6 }],
    });
    expect(textsIn(svg)).toContain('3');
    expect(textsIn(twice.svg)).toContain('6');
    expect(twice.svg).not.toBe(svg);
  });

  it('leaves the title above it out when asked, and keeps it as its name', async () => {
    const { svg } = await renderChart({ kind: 'bar', title: 'Applause', data, showTitle: false });
    expect(textsIn(svg)).not.toContain('Applause');
    expect(elements(svg)[0]?.properties.ariaLabel).toBe('Applause');
  });

  it('takes markup in a title or label for text', async () => {
    const evil = `</text><script>alert("1")</script>&'`;
    for (const kind of ['bar', 'line', 'pie'] as const) {
      const { svg } = await renderChart({ kind, title: evil, data: [{ label: evil, value: 1 }] });
      expect(elements(svg).map(({ tagName }) => tagName)).not.toContain('script');
      expect(elements(svg)[0]?.properties.ariaLabel).toBe(evil);
    }
  });

  it('cuts a long label, and never in the middle of a character', async () => {
    const { svg } = await renderChart({
      kind: 'pie',
      title: 'Long',
      data: [{ label: '🎭'.repeat(60), value: 1 }],
    });
    expect(svg.isWellFormed()).toBe(true);
    expect(textsIn(svg).some((text) => /(?:…|\.{3})$/.test(text))).toBe(true);
  });

  it('draws the same chart the same way', async () => {
    const input = { kind: 'line', title: 'Applause', data } as const;
    const [first, second] = [await renderChart({ ...input, data }), await renderChart({ ...input, data })];
    expect(first.svg).toBe(second.svg);
  });

  it('stays small with a hundred values', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      label: `Label number ${index}`,
      value: index,
    }));
    const { svg } = await renderChart({ kind: 'pie', title: 'Many', data: many, width: 2000, height: 2000 });
    expect(svg.length).toBeLessThan(262_144);
  });
});
