import type { Section } from './document.ts';
import { detectLanguage } from './language/detect.ts';
import { cutToLength, sentencesOf } from './language/sentences.ts';

/** The text that a capability works on, as its caller gives it. */
export interface TextInput {
  /** Sections, as `document.read` answers them, or with nothing but their text. */
  sections?: (Partial<Section> & { text: string })[];
  /** Plain text in their place: one section. */
  text?: string;
  /** The primary tag of its language. Default: found out. */
  language?: string;
}

/** What a capability works on: whole sections and their language. */
export interface Text {
  /** The sections that have any text. */
  sections: Section[];
  /** The primary tag of their language, `und` where it cannot be told. */
  language: string;
}

/** Fills in what the caller left out: the language, and the sentences of each section. */
export function wholeText(input: TextInput): Text {
  const given = (input.sections ?? [{ text: input.text ?? '' }]).filter(
    ({ text, sentences = [] }) => text.trim() !== '' || sentences.length > 0,
  );
  const language = input.language ?? detectLanguage(given.map(({ text }) => text).join('\n'));
  const sections = given.map(({ heading = '', level = 0, text, sentences }) => ({
    heading,
    level,
    text,
    sentences:
      sentences?.flatMap(cutToLength) ??
      paragraphsOf(text).flatMap((paragraph) => sentencesOf(paragraph, language)),
  }));
  return { sections, language };
}

/** The paragraphs of a text: what stands between empty lines. */
export function paragraphsOf(text: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
    .filter((paragraph) => paragraph !== '');
}
