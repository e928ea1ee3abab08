import type { Element } from 'hast';
import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import type { ChartPart } from './brief.ts';

const parser = unified().use(rehypeParse, { fragment: true }).freeze();

/**
 * The `svg` element of a chart, named by the chart's title. It is not safe yet: it has to go through `safeSchema`.
 * Nothing if there is none, or if it is nested too deeply to be read.
 */
export function drawingOf({ svg, title }: ChartPart): Element | undefined {
  const drawing = firstSvg(svg);
  if (!drawing) return undefined;
  const { properties, children } = drawing;
  return { ...drawing, properties: { ...properties, role: 'img', ariaLabel: title }, children };
}

function firstSvg(source: string): Element | undefined {
  try {
    const { children } = parser.parse(source);
    return children.find((child): child is Element => child.type === 'element' && child.tagName === 'svg');
  } catch (error) {
    // The parser walks its tree by recursion.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
