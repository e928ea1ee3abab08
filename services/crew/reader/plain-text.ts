import type { Link } from '../document.ts';
import type { Block, Parsed } from './outline.ts';

/** The longest line, in UTF-16 units, that can be a heading. */
const LONGEST_HEADING = 70;

const MAX_LINKS = 500;

/**
 * Reads plain text: paragraphs stand between empty lines, lines within them are joined. A short line of its own is a
 * heading if it is underlined with `===` or `---`, numbered (`2.1 Scope`, `Chapter II`) or all in capitals.
 */
export function parsePlainText(source: string): Parsed {
  const blocks: Block[] = [];
  for (const chunk of source.split(/\n[^\S\n]*\n/)) {
    const lines = chunk
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    if (isUnderlined(lines)) {
      blocks.push({ level: lines[1]!.startsWith('=') ? 1 : 2, text: lines[0]! });
      lines.splice(0, 2);
    } else if (lines.length === 1 && isHeading(lines[0]!)) {
      blocks.push({ level: 2, text: lines[0]! });
      continue;
    }
    for (const text of paragraphs(lines)) if (/[\p{L}\p{N}]/u.test(text)) blocks.push({ level: 0, text });
  }
  return { blocks, links: links(source) };
}

function isUnderlined(lines: readonly string[]): boolean {
  const [first = '', second = ''] = lines;
  return first.length <= LONGEST_HEADING && /^(?:={3,}|-{3,})$/.test(second);
}

function isHeading(line: string): boolean {
  if (line.length > LONGEST_HEADING || /[.!?:;,]$/.test(line)) return false;
  if (
    /^(?:chapter|part|section|appendix)\s+[\dIVXLC]+\b/i.test(line) ||
    /^\d+(?:\.\d+)*\.?\s+\p{Lu}/u.test(line)
  )
    return true;
  return /\p{Lu}{2}/u.test(line) && line === line.toUpperCase();
}

/** The lines of a chunk as one paragraph, or as one per item where they are a list. */
function paragraphs(lines: readonly string[]): string[] {
  const joined: string[] = [];
  for (const line of lines) {
    const item = /^(?:[-*•+]|\d{1,3}[.)])\s+(.*)$/.exec(line);
    if (item) joined.push(item[1]!);
    else if (joined.length === 0) joined.push(line);
    else joined.push(`${joined.pop()} ${line}`);
  }
  return joined;
}

function links(source: string): Link[] {
  const found = new Map<string, Link>();
  for (const [match] of source.matchAll(/\bhttps?:\/\/[^\s<>"'`{}|\\^]+/gi)) {
    const url = match.replace(/[.,;:!?)\]]+$/, '');
    if (found.size < MAX_LINKS && URL.canParse(url)) found.set(url, { text: url, url });
  }
  return [...found.values()];
}
