import type { Element } from 'hast';
import { toString as textOf } from 'hast-util-to-string';
import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { describe, expect, it } from 'vitest';
import type { Brief } from '../../../services/crew/editor/brief.ts';
import { compose } from '../../../services/crew/editor/compose.ts';
import { minutes } from '../../../services/crew/editor/wording.ts';

const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
const svg = '<svg viewBox="0 0 10 10"><rect width="5" height="5" fill="#abc"/><text>7</text></svg>';

const brief = {
  document: {
    title: 'The Stage',
    kind: 'markdown',
    language: 'fr',
    sections: [
      { heading: 'The Stage', level: 1 },
      { heading: 'Entrances', level: 2 },
    ],
    links: [{ text: 'the house', url: 'https://house.example/plan' }],
  },
  analysis: {
    keywords: [{ term: 'curtain', weight: 0.5 }],
    readability: { fleschReadingEase: 65.2, fleschKincaidGrade: 7.5, syllables: 10 },
    counts: { characters: 9, words: 1234, uniqueWords: 99, sentences: 7, paragraphs: 3, sections: 2 },
    readingMinutes: 3.5,
  },
  summary: { sentences: [{ text: 'The curtain opens.', weight: 1, section: 'Entrances' }] },
  charts: [{ title: 'Applause', svg }],
} satisfies Brief;

function elementsOf(html: string): Element[] {
  const found: Element[] = [];
  visit(unified().use(rehypeParse).parse(html), 'element', (element) => void found.push(element));
  return found;
}

const compositionOf = (made: Brief) => elementsOf(compose(made).html!);
const named = (elements: Element[], tagName: string) =>
  elements.filter((element) => element.tagName === tagName);

describe('a brief', () => {
  const elements = compositionOf(brief);

  it('shows the title, figures, summary, keywords, chart, outline and links', () => {
    const text = named(elements, 'main').map(textOf).join();
    for (const part of [
      'The Stage',
      '1,234',
      '65.2',
      'plain',
      '3½ min',
      'The curtain opens.',
      'curtain',
      'Applause',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('Entrances');
    expect(named(elements, 'a').map(({ properties }) => properties.href)).toEqual([
      'https://house.example/plan',
    ]);
  });

  it('says its language and that of the document, has landmarks, one main heading, and names its charts', () => {
    expect(named(elements, 'html')[0]?.properties.lang).toBe('en');
    expect(named(elements, 'h1').map(({ properties }) => properties.lang)).toEqual(['fr']);
    expect(named(elements, 'main')).toHaveLength(1);
    expect(named(elements, 'section').every(({ properties }) => properties.ariaLabel)).toBe(true);
    const [chart] = named(elements, 'svg').filter(({ properties }) => properties.role === 'img');
    expect(chart?.properties.ariaLabel).toBe('Applause');
  });

  it('needs nothing else: it loads nothing, and refuses to', () => {
    const { html } = compose(brief);
    expect(html).not.toMatch(/\bsrc=|@import|url\(/i);
    expect(named(elements, 'link')).toEqual([]);
    const policies = named(elements, 'meta').filter(({ properties }) => properties.httpEquiv);
    expect(policies[0]?.properties.content).toMatch(/^default-src 'none'/);
  });

  it('is made of the title alone where there is no more', () => {
    const [main] = named(compositionOf({ document: { title: 'Bare' } }), 'main');
    expect(named(compositionOf({ document: { title: 'Bare' } }), 'section')).toEqual([]);
    expect(textOf(main!)).toContain('Bare');
  });

  it('shows no readability where there is none', () => {
    const analysis = { ...brief.analysis, readability: null };
    expect(compose({ ...brief, analysis }).html).not.toContain('reading ease');
  });

  it('says how many headings and links it leaves out', () => {
    const sections = Array.from({ length: 65 }, (_, index) => ({ heading: `Act ${index}`, level: 2 }));
    const links = Array.from({ length: 43 }, (_, index) => ({
      text: 'x',
      url: `https://a.example/${index}`,
    }));
    const { html } = compose({ document: { title: 'Long', sections, links } });
    expect(html).toContain('and 5 more headings');
    expect(html).toContain('and 3 more links');
  });
});

describe('what came from outside', () => {
  const hostile: Brief = {
    document: {
      title: evil,
      language: '"><script>',
      sections: [{ heading: evil }, { heading: evil, level: -3 }],
      links: [
        { text: evil, url: 'javascript:alert(1)' },
        { text: 'a', url: ' data:text/html,<script>alert(1)</script>' },
        { text: 'b', url: 'vbscript:x' },
        { text: 'c', url: 'https://ok.example/"onclick="x' },
      ],
    },
    analysis: { keywords: [{ term: evil, weight: 1 }] },
    summary: { sentences: [{ text: evil, weight: 1, section: evil }] },
    charts: [
      {
        title: evil,
        svg: `<svg onload="alert(1)" style="background:url(https://x.example)" id="main"><script>alert(1)</script>
          <style>*{display:none}</style><a href="javascript:alert(1)"><text onclick="x">Kept</text></a>
          <image href="https://x.example/a.png"/><use href="#main"/><animate attributeName="href" to="javascript:x"/>
          <foreignObject><iframe src="https://x.example"></iframe><img src=x></foreignObject>
          <rect fill="url(https://x.example/f.svg#a)" stroke="#fff" width="4"/><title>${evil}</title></svg>`,
      },
    ],
  };
  const elements = compositionOf(hostile);

  it.each([
    'script',
    'iframe',
    'img',
    'image',
    'use',
    'animate',
    'foreignObject',
    'object',
    'embed',
    'form',
    'link',
  ])('brings no <%s> into the page', (tagName) => {
    expect(named(elements, tagName)).toEqual([]);
  });

  it('brings no handler, style or id', () => {
    const names = elements.flatMap(({ properties }) => Object.keys(properties));
    expect(names.filter((name) => /^on|^style$|^id$|^src/i.test(name))).toEqual([]);
    expect(named(elements, 'style')).toHaveLength(1);
  });

  it('links only to http, https and mail', () => {
    const targets = named(elements, 'a').map(({ properties }) => properties.href);
    expect(targets.filter(Boolean)).toEqual(['https://ok.example/"onclick="x']);
  });

  it('keeps the shapes and the text of a drawing, and colours that load nothing', () => {
    const [rect] = named(elements, 'rect').filter(({ properties }) => properties.stroke);
    expect(rect?.properties).toMatchObject({ stroke: '#fff', width: '4' });
    expect(rect?.properties.fill).toBeUndefined();
    expect(named(elements, 'text').map(textOf)).toEqual(['Kept']);
  });

  it('shows markup as the text that it is', () => {
    expect(named(elements, 'h1').map(textOf)).toEqual([evil]);
  });
});

describe('a chart that is no drawing', () => {
  it.each(['', 'hello', '<p>hello', `<svg>${'<g>'.repeat(20_000)}`])('is pointed out', (bad) => {
    const charts = [
      { title: 'Good', svg },
      { title: 'Bad', svg: bad },
    ];
    expect(compose({ ...brief, charts })).toEqual({ badChart: 1 });
  });
});

describe('a time for people', () => {
  it.each([
    [0.5, '½ min'],
    [1, '1 min'],
    [3.5, '3½ min'],
    [135.5, '2 h 15 min'],
  ])('says %d as %j', (value, text) => {
    expect(minutes(value)).toBe(text);
  });
});
