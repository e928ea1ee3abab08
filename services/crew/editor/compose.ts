import type { Element, Root } from 'hast';
import { h } from 'hastscript';
import rehypeSanitize from 'rehype-sanitize';
import rehypeStringify from 'rehype-stringify';
import { unified } from 'unified';
import type { Brief } from './brief.ts';
import { drawingOf } from './drawing.ts';
import { keyFigures, keywordsPart, linksPart, masthead, outlinePart, part, summaryPart } from './parts.ts';
import { safeSchema } from './safe-schema.ts';
import { style } from './style.ts';

/** What came of composing: the page, or the index of the first chart that is no drawing. */
export type Composed = { html: string; badChart?: never } | { html?: never; badChart: number };

const sanitizer = unified().use(rehypeSanitize, safeSchema).freeze();
const writer = unified().use(rehypeStringify).freeze();

/** What the browser is told to refuse, should anything get past `safeSchema` after all. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * Composes the brief as one HTML page that needs nothing else: no scripts, no requests. All of its body, whoever it
 * comes from, goes through `safeSchema`.
 */
export function compose(brief: Brief): Composed {
  const { document, analysis = {}, summary, charts = [] } = brief;
  const drawings = charts.map((chart) => drawingOf(chart));
  const badChart = drawings.indexOf(undefined);
  if (badChart >= 0) return { badChart };
  const figures = drawings.map((drawing, index) =>
    h('figure', [h('figcaption', charts[index]!.title), drawing]),
  );
  const main = h('main', [
    masthead(brief),
    summary && summaryPart(summary, document.language),
    keyFigures(analysis),
    keywordsPart(analysis.keywords ?? [], document.language),
    figures.length > 0 ? part('charts', figures.length > 1 ? 'Charts' : 'Chart', ...figures) : undefined,
    outlinePart(document.sections ?? [], document.language),
    linksPart(document.links ?? []),
    h('footer', 'The sentences are the document’s own, chosen by how central they are to it (TextRank).'),
  ]);
  return { html: writer.stringify(page(document.title, main)) };
}

function page(title: string, main: Element): Root {
  const body = sanitizer.runSync({ type: 'root', children: [main] }) as Root;
  const head = h('head', [
    h('meta', { charSet: 'utf-8' }),
    h('meta', { httpEquiv: 'Content-Security-Policy', content: POLICY }),
    h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('meta', { name: 'color-scheme', content: 'light dark' }),
    h('title', `${title} – brief`),
    h('style', style),
  ]);
  const html = h('html', { lang: 'en' }, [head, h('body', body.children)]);
  return { type: 'root', children: [{ type: 'doctype' }, html] };
}
