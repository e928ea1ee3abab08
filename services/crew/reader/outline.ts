import type { Link, Section } from '../document.ts';
import { sentencesOf } from '../language/sentences.ts';

/** A heading, or a paragraph or list item: what a parser makes of a document, in its order. */
export interface Block {
  /** The rank of a heading, from 1; 0 for text. */
  level: number;
  /** Its text, on one line. */
  text: string;
}

/** What a parser finds in a document. */
export interface Parsed {
  /** What the document says it is called, beside its headings. */
  title?: string | undefined;
  /** What the document says its language is, as it says it. */
  language?: string | undefined;
  /** Its text. */
  blocks: Block[];
  /** Its links, each once. */
  links: Link[];
}

/** The heading that is the document's title: the first of the first rank, or one of the second that leads all. */
export function titleHeading(blocks: readonly Block[]): string | undefined {
  const first = blocks.find((block) => block.level === 1);
  return (first ?? blocks.find((block, index) => block.level === 2 && index === 0))?.text;
}

/** Blocks gathered under their headings. A heading without text stays, for the outline. */
export function sectionsOf(blocks: readonly Block[], language: string): Section[] {
  const sections: Section[] = [];
  let paragraphs: string[] = [];
  let open: Block | undefined;
  const close = () => {
    if (!open && paragraphs.length === 0) return;
    sections.push({
      heading: open?.text ?? '',
      level: open?.level ?? 0,
      text: paragraphs.join('\n\n'),
      sentences: paragraphs.flatMap((paragraph) => sentencesOf(paragraph, language)),
    });
    paragraphs = [];
  };
  for (const block of blocks) {
    if (block.level === 0) paragraphs.push(block.text);
    else {
      close();
      open = block;
    }
  }
  close();
  return sections;
}
