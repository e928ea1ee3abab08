import type { Document, DocumentKind } from '../document.ts';
import { detectLanguage, primaryTag } from '../language/detect.ts';
import { wordsOf } from '../language/words.ts';
import { decode } from './decode.ts';
import { parseHtml } from './html.ts';
import { documentKind } from './kind.ts';
import { parseMarkdown } from './markdown.ts';
import { type Parsed, sectionsOf, titleHeading } from './outline.ts';
import { parsePlainText } from './plain-text.ts';

/** A document as it came. */
export interface Source {
  /** Its bytes. */
  bytes: Uint8Array;
  /** Its name (`README.md`). */
  name: string;
  /** Its media type (`text/markdown`), or an empty text. */
  mediaType: string;
}

/** What came of reading: the document, or what is wrong with it, for people. */
export type Reading = { document: Document; problem?: never } | { document?: never; problem: string };

/**
 * The most bytes of text that a document may have, and the most bytes of Markdown or plain text. Its text travels
 * twice, whole and in sentences, and a message holds 4 MiB.
 */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** The most bytes of an HTML page, of which much is markup. */
export const MAX_HTML_BYTES = 2 * 1024 * 1024;

/** The most sentences of a document: each costs a few bytes beyond its text, and the shortest are two characters. */
export const MAX_SENTENCES = 50_000;

/** The longest title, in UTF-16 units. */
const LONGEST_TITLE = 200;

const kinds: Record<DocumentKind, { maxBytes: number; parse(source: string): Parsed }> = {
  markdown: { maxBytes: MAX_TEXT_BYTES, parse: parseMarkdown },
  html: { maxBytes: MAX_HTML_BYTES, parse: parseHtml },
  text: { maxBytes: MAX_TEXT_BYTES, parse: parsePlainText },
};

/** Reads a document. Whatever its bytes are, it returns; how long it takes depends on them (see `ReaderProcess`). */
export function readDocument({ bytes, name, mediaType }: Source): Reading {
  const text = decode(bytes);
  if (text === undefined)
    return { problem: 'holds bytes that are no text. Send UTF-8 text: Markdown, HTML or plain.' };
  const kind = documentKind(name, mediaType, text);
  if (!kind)
    return { problem: `is of the media type ${mediaType}. Send text/markdown, text/html or text/plain.` };
  const { maxBytes, parse } = kinds[kind];
  if (bytes.byteLength > maxBytes)
    return { problem: tooLong(`${bytes.byteLength} bytes`, `${maxBytes} bytes of ${kind}`) };
  try {
    return assemble(parse(text), kind, name);
  } catch (error) {
    // The parsers walk their trees by recursion.
    if (error instanceof RangeError)
      return { problem: 'nests its elements too deeply to be read. Flatten it.' };
    throw error;
  }
}

function assemble(parsed: Parsed, kind: DocumentKind, name: string): Reading {
  const text = parsed.blocks.map((block) => block.text).join('\n');
  if (parsed.blocks.every(({ level }) => level > 0))
    return { problem: 'holds no text to read. Send one with at least a sentence of prose.' };
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES)
    return { problem: tooLong('more text', `${MAX_TEXT_BYTES} bytes of text`) };
  const language = (parsed.language && primaryTag(parsed.language)) || detectLanguage(text);
  const sections = sectionsOf(parsed.blocks, language);
  const sentences = sections.reduce((sum, section) => sum + section.sentences.length, 0);
  if (sentences > MAX_SENTENCES)
    return { problem: tooLong(`${sentences} sentences`, `${MAX_SENTENCES} sentences`) };
  const title = titleHeading(parsed.blocks) ?? parsed.title ?? nameWithoutEnding(name);
  const words = sections.reduce((sum, section) => sum + wordsOf(section.text, language).length, 0);
  return {
    document: {
      title: title.slice(0, LONGEST_TITLE).toWellFormed(),
      kind,
      language,
      sections,
      links: parsed.links,
      words,
    },
  };
}

function tooLong(size: string, limit: string): string {
  return `has ${size}; at most ${limit} are read. Send it in parts.`;
}

function nameWithoutEnding(name: string): string {
  return name.replace(/^.*[/\\]/, '').replace(/\.[^.]+$/, '') || 'Untitled';
}
