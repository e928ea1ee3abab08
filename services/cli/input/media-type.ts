import { extname } from 'node:path';

/**
 * The media types of documents that agents are given, by their ending. Source:
 * https://www.iana.org/assignments/media-types
 */
const OF_ENDINGS: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.markdown': 'text/markdown',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.text': 'text/plain',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.zip': 'application/zip',
};

/** The media type of a file by its ending; empty where that says nothing, which the mesh reads as any bytes. */
export function mediaTypeOf(path: string): string {
  return OF_ENDINGS[extname(path).toLowerCase()] ?? '';
}
