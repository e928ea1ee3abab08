import rehypeStringify from 'rehype-stringify';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRehype from 'remark-rehype';
import { unified } from 'unified';
import { parseHtml } from './html.ts';
import type { Parsed } from './outline.ts';

const toHtml = unified()
  .use(remarkParse)
  .use(remarkGfm)
  .use(remarkRehype, { allowDangerousHtml: true })
  .use(rehypeStringify, { allowDangerousHtml: true })
  .freeze();

/**
 * Reads Markdown (CommonMark with GitHub's additions). It is turned into HTML and read as that, because the HTML that
 * stands in it, such as a centred title, counts as much as what is written in Markdown. Front matter (`---` lines
 * at the very top) is no text; its `title` and `lang` count.
 */
export function parseMarkdown(source: string): Parsed {
  const { body, fields } = splitFrontMatter(source);
  const parsed = parseHtml(String(toHtml.processSync(body)));
  return {
    ...parsed,
    title: fields.get('title') ?? parsed.title,
    language: fields.get('lang') ?? parsed.language,
  };
}

function splitFrontMatter(source: string): { body: string; fields: Map<string, string> } {
  const fields = new Map<string, string>();
  const matter = /^---[ \t]*\n([\s\S]*?)\n---[ \t]*(?:\n|$)/.exec(source);
  if (!matter) return { body: source, fields };
  for (const line of matter[1]!.split('\n')) {
    const field = /^(\w+):\s*(['"]?)(.+?)\2\s*$/.exec(line);
    if (field) fields.set(field[1]!.toLowerCase(), field[3]!);
  }
  // Two rules with prose between them also look like this; front matter has fields.
  return fields.size > 0 ? { body: source.slice(matter[0].length), fields } : { body: source, fields };
}
