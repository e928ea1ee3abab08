import type { Element, Nodes, Root } from 'hast';
import { toString as textOf } from 'hast-util-to-string';
import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { CONTINUE, EXIT, visit } from 'unist-util-visit';
import type { Link } from '../document.ts';
import type { Block, Parsed } from './outline.ts';

/** The most links that are kept. */
const MAX_LINKS = 500;

const parser = unified().use(rehypeParse).freeze();

/** Reads an HTML page: the text of its main part, and where that links to. Nothing in it is run or fetched. */
export function parseHtml(source: string): Parsed {
  const page: Root = parser.parse(source);
  const reading = new Reading();
  reading.read(mainPart(page));
  reading.endBlock();
  return {
    title: collapse(textOf(find(page, 'title') ?? { type: 'root', children: [] })) || undefined,
    language: stringOf(find(page, 'html')?.properties.lang),
    blocks: reading.blocks,
    links: [...reading.links.values()],
  };
}

/** Elements that hold no prose: what is not shown, navigation, controls, code, pictures and other media. */
const SKIPPED = new Set(
  `script style template noscript head nav aside footer form button select textarea input dialog menu
   pre samp svg math video audio canvas iframe object embed map sup`.split(/\s+/),
);

/** Elements in the midst of a line. Every other one ends the paragraph before it, and itself with its end. */
const INLINE = new Set(
  `a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr picture q rb ruby s small span
   strike strong sub time tt u var wbr`.split(/\s+/),
);

const HEADING = /^h([1-6])$/;

/** Walks a page once and gathers its blocks and links. */
class Reading {
  readonly blocks: Block[] = [];
  readonly links = new Map<string, Link>();
  #text = '';
  /** How much of `#text` is links or code: a block of nothing else is a menu, a row of badges or a command. */
  #aside = 0;
  #level = 0;

  read(node: Nodes): void {
    if (node.type === 'text') this.#text += node.value;
    else if (node.type === 'root') for (const child of node.children) this.read(child);
    else if (node.type === 'element' && !isSkipped(node)) this.#readElement(node);
  }

  endBlock(): void {
    const text = collapse(this.#text);
    const isProse = this.#level > 0 || text.length > this.#aside;
    if (/[\p{L}\p{N}]/u.test(text) && isProse) this.blocks.push({ level: this.#level, text });
    this.#text = '';
    this.#aside = 0;
  }

  #readElement(element: Element): void {
    const { tagName } = element;
    if (tagName === 'br') this.#text += ' ';
    else if (tagName === 'a') this.#readLink(element);
    else if (tagName === 'img') this.#readPicture(element);
    else if (tagName === 'code') this.#readAside(element);
    else if (INLINE.has(tagName)) this.#readChildren(element);
    else {
      this.endBlock();
      const rank = HEADING.exec(tagName);
      const outer = this.#level;
      if (rank) this.#level = Number(rank[1]);
      this.#readChildren(element);
      this.endBlock();
      this.#level = outer;
    }
  }

  #readLink(element: Element): void {
    const text = this.#readAside(element);
    const url = absoluteUrl(stringOf(element.properties.href));
    if (url && text !== '' && this.links.size < MAX_LINKS && !this.links.has(url)) {
      this.links.set(url, { text, url });
    }
  }

  #readAside(element: Element): string {
    const start = this.#text.length;
    const before = this.#aside;
    this.#readChildren(element);
    const text = collapse(this.#text.slice(start));
    // The space after it counts as its own.
    this.#aside = before + text.length + 1;
    return text;
  }

  /** A heading may be a picture of itself: then what stands in for the picture is the heading. */
  #readPicture(element: Element): void {
    if (this.#level === 0 || this.#text.trim() !== '') return;
    this.#text += (stringOf(element.properties.alt) ?? '').replace(/\s+(?:logo|banner|icon)$/i, '');
  }

  #readChildren(element: Element): void {
    for (const child of element.children) this.read(child);
  }
}

/** The `main` of a page, else its only `article`, else all of it. */
function mainPart(page: Root): Element | Root {
  return find(page, 'main') ?? onlyArticle(page) ?? page;
}

function onlyArticle(page: Root): Element | undefined {
  const articles: Element[] = [];
  visit(page, 'element', (element) => {
    if (element.tagName === 'article') articles.push(element);
  });
  return articles.length === 1 ? articles[0] : undefined;
}

/** A table with heading cells holds data, which makes no sentences; one without lays out a page, and is read. */
function isSkipped(element: Element): boolean {
  const { hidden, ariaHidden, dataFootnotes } = element.properties;
  if (SKIPPED.has(element.tagName)) return true;
  if (hidden === true || hidden === '' || ariaHidden === 'true' || dataFootnotes !== undefined) return true;
  return element.tagName === 'table' && find(element, 'th') !== undefined;
}

function find(tree: Root | Element, tagName: string): Element | undefined {
  let found: Element | undefined;
  visit(tree, 'element', (element) => {
    if (element.tagName !== tagName) return CONTINUE;
    found = element;
    return EXIT;
  });
  return found;
}

function absoluteUrl(href: string | undefined): string | undefined {
  const url = href?.trim() ?? '';
  return /^(?:https?:\/\/|mailto:)\S+$/i.test(url) && URL.canParse(url) ? url : undefined;
}

function stringOf(property: unknown): string | undefined {
  return typeof property === 'string' ? property : undefined;
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
