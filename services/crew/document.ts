/** A document as the crew passes it on: what `document.read` answers. */
export type Document = {
  /** What it is called: its first heading of the first rank, else its title, else its name without the ending. */
  title: string;
  /** What it was read as. */
  kind: DocumentKind;
  /** The primary tag of its language (`en`), `und` where it cannot be told. */
  language: string;
  /** Its text in the order of the document. A document without headings is one section. */
  sections: Section[];
  /** Where it points to: absolute http, https and mailto addresses, each once, at most 500. */
  links: Link[];
  /** How many words its text has. */
  words: number;
};

/** The kinds of document that are read. */
export type DocumentKind = 'markdown' | 'html' | 'text';

/** A heading and the text up to the next one. */
export type Section = {
  /** Its heading; empty for text before the first one. */
  heading: string;
  /** The rank of the heading, from 1; 0 for text before the first one. */
  level: number;
  /** Its paragraphs and list items, with an empty line between them. */
  text: string;
  /** The sentences of `text`. Headings, code, tables and what only navigates are none. */
  sentences: string[];
};

/** A place that a document points to. */
export type Link = {
  /** The text that is linked. */
  text: string;
  /** The address. */
  url: string;
};

/** The JSON Schema of a `Section`. Only `text` is required of a caller; the rest is worked out. */
export const sectionSchema = {
  type: 'object',
  required: ['text'],
  properties: {
    heading: { type: 'string', description: 'Its heading; empty for text before the first one.' },
    level: { type: 'integer', minimum: 0, maximum: 6, description: 'The rank of its heading.' },
    text: { type: 'string', description: 'Its paragraphs, with an empty line between them.' },
    sentences: {
      type: 'array',
      items: { type: 'string' },
      description: 'The sentences of its text. Absent: they are found.',
    },
  },
};

/** The JSON Schema of a `Link`. */
export const linkSchema = {
  type: 'object',
  required: ['text', 'url'],
  properties: { text: { type: 'string' }, url: { type: 'string' } },
};

/** The JSON Schema of a language: a primary tag of BCP 47. */
export const languageSchema = {
  type: 'string',
  pattern: '^[a-z]{2,8}$',
  description: 'The language, as a primary tag of BCP 47 (`en`). Absent: it is found out.',
};

/** The part of an input schema that holds a text: as the sections that `document.read` answers, or plain. */
export const textInputSchema = {
  type: 'object',
  anyOf: [{ required: ['sections'] }, { required: ['text'] }],
  properties: {
    sections: { type: 'array', items: sectionSchema },
    text: { type: 'string', description: 'Plain text in place of sections.' },
    language: languageSchema,
  },
};
