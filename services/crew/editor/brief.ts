import type { Analysis } from '../analyst/analyze.ts';
import type { Document } from '../document.ts';
import type { Summary } from '../summarizer/summarize.ts';

/** What a brief is made of. Parts that are left out leave no gap. */
export interface Brief {
  /** The document, or as much of it as a brief shows: title, language, headings, links. */
  document: Pick<Document, 'title'> & Partial<Omit<Document, 'sections'>> & { sections?: Heading[] };
  /** What `text.analyze` answered. */
  analysis?: Partial<Analysis>;
  /** What `text.summarize` answered. */
  summary?: Summary;
  /** Charts, each with what it shows. */
  charts?: ChartPart[];
}

/** A heading of the document; empty for text before the first one. */
export interface Heading {
  heading?: string;
  /** Its rank, from 1. */
  level?: number;
}

/** A chart in a brief. */
export interface ChartPart {
  /** What it shows: its caption. */
  title: string;
  /** An SVG document. Only shapes and text survive of it. */
  svg: string;
}
