import type { Element } from 'hast';
import { h, s } from 'hastscript';
import type { Analysis } from '../analyst/analyze.ts';
import type { Link } from '../document.ts';
import type { Summary } from '../summarizer/summarize.ts';
import type { Brief, Heading } from './brief.ts';
import { easeOf, languageName, minutes, number } from './wording.ts';

/** The most headings, their most ranks, and the most links that a brief shows. Of more it says how many there are. */
const MOST_HEADINGS = 60;
const MOST_RANKS = 3;
const MOST_LINKS = 40;

/** What a reader sees first: the title, and what kind of document it is. */
export function masthead({ document, analysis }: Brief): Element {
  const { title, kind, language } = document;
  const byline = [
    kind && { markdown: 'Markdown', html: 'Web page', text: 'Plain text' }[kind],
    language && language !== 'und' && languageName(language),
    analysis?.readingMinutes !== undefined && `${minutes(analysis.readingMinutes)} to read in full`,
  ].filter((part) => typeof part === 'string');
  return h('header', [
    h('p', { dataPart: 'kicker' }, 'Brief'),
    h('h1', foreign(language), title),
    byline.length > 0 ? h('p', { dataPart: 'byline' }, byline.join(' · ')) : undefined,
  ]);
}

/** The chosen sentences, each with the heading it stands under. */
export function summaryPart({ sentences }: Summary, language: string | undefined): Element {
  const items = sentences.map(({ text, section }) =>
    h('li', h('div', foreign(language), [h('span', text), section ? h('small', section) : undefined])),
  );
  return part('summary', 'In short', h('ol', items));
}

/** The figures that tell most, large. */
export function keyFigures({ counts, readability, readingMinutes }: Partial<Analysis>): Element | undefined {
  const figures: [string, string][] = [];
  if (counts) {
    figures.push(['words', number(counts.words)]);
    figures.push(['sentences', number(counts.sentences)]);
    figures.push(['different words', number(counts.uniqueWords)]);
  }
  if (readingMinutes !== undefined) figures.push(['reading time', minutes(readingMinutes)]);
  if (readability) {
    const { fleschReadingEase, fleschKincaidGrade } = readability;
    figures.push([`reading ease: ${easeOf(fleschReadingEase)}`, number(fleschReadingEase)]);
    figures.push(['school grade (US)', number(fleschKincaidGrade)]);
  }
  const groups = figures.map(([name, value]) => h('div', [h('dt', name), h('dd', value)]));
  return groups.length > 0 ? part('figures', 'Key figures', h('dl', groups)) : undefined;
}

/** Keywords, each with a bar for its weight. */
export function keywordsPart(
  keywords: Analysis['keywords'],
  language: string | undefined,
): Element | undefined {
  const items = keywords.map(({ term, weight }) =>
    h('li', [
      h('span', foreign(language), term),
      s('svg', { ariaHidden: 'true' }, s('rect', { width: `${Math.round(weight * 100)}%`, height: '3' })),
    ]),
  );
  return items.length > 0 ? part('keywords', 'Keywords', h('ul', items)) : undefined;
}

/** The headings of the document, indented by rank; a single one is the title again, and left out. */
export function outlinePart(sections: Heading[], language: string | undefined): Element | undefined {
  const headings = sections.filter(({ heading }) => heading);
  if (headings.length < 2) return undefined;
  const top = Math.min(...headings.map(({ level = 1 }) => level));
  const shown = headings
    .map(({ heading = '', level = 1 }) => ({ heading, rank: level - top + 1 }))
    .filter(({ rank }) => rank <= MOST_RANKS)
    .slice(0, MOST_HEADINGS);
  const items = shown.map(({ heading, rank }) =>
    h('li', { dataLevel: String(rank), ...foreign(language) }, heading),
  );
  return part('outline', 'Outline', h('ol', items), more(headings.length - items.length, 'headings'));
}

/** Where the document points to. */
export function linksPart(links: Link[]): Element | undefined {
  const items = links.slice(0, MOST_LINKS).map(({ text, url }) => {
    const host = URL.canParse(url) ? new URL(url).hostname : '';
    const name = text === url ? url.replace(/^https?:\/\//, '') : text;
    return h('li', [
      h('a', { href: url, rel: ['noopener', 'noreferrer'], dir: 'auto' }, name),
      host !== '' && text !== url ? h('small', ` ${host}`) : undefined,
    ]);
  });
  return items.length > 0
    ? part('links', 'Links', h('ul', items), more(links.length - items.length, 'links'))
    : undefined;
}

/** A part of the page under its heading. */
export function part(name: string, heading: string, ...content: (Element | undefined)[]): Element {
  return h('section', { dataPart: name, ariaLabel: heading }, [h('h2', heading), ...content]);
}

function more(count: number, of: string): Element | undefined {
  return count > 0 ? h('p', { dataPart: 'more' }, `and ${number(count)} more ${of}`) : undefined;
}

/** Marks text as the document's own: its language, and its direction by its first letter. */
function foreign(language: string | undefined): { lang?: string; dir: string } {
  return { ...(language && language !== 'und' && { lang: language }), dir: 'auto' };
}
