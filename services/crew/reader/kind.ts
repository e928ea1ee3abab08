import type { DocumentKind } from '../document.ts';

const byMediaType: Record<string, DocumentKind> = {
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
};

const byEnding: Record<string, DocumentKind> = {
  md: 'markdown',
  markdown: 'markdown',
  mkd: 'markdown',
  mdown: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
};

/** What senders write who do not know, or do not say, what they send. */
const saysLittle = new Set(['', 'application/octet-stream', 'text/plain']);

/**
 * What a document is to be read as. A media type that says it decides; with none, or `text/plain`, the ending of the
 * name does, and without a known ending the first words. Nothing where the media type is of something that is no text.
 */
export function documentKind(name: string, mediaType: string, text: string): DocumentKind | undefined {
  const type = mediaType.split(';')[0]!.trim().toLowerCase();
  if (Object.hasOwn(byMediaType, type)) return byMediaType[type];
  if (!saysLittle.has(type)) return type.startsWith('text/') ? 'text' : undefined;
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  if (Object.hasOwn(byEnding, ending)) return byEnding[ending];
  return /^\s*<(?:!doctype\s+html|html)\b/i.test(text) ? 'html' : 'text';
}
