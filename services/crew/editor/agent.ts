import { defineAgent, troupeError } from '../../agent/index.ts';
import { linkSchema } from '../document.ts';
import type { Brief } from './brief.ts';
import { compose } from './compose.ts';

/** The name of the page among the attachments of the RESULT. */
const PAGE_NAME = 'brief.html';

/** Makes a page of what the others found. */
export const editor = defineAgent({
  id: 'editor',
  version: '0.1.0',
  description: 'Composes an illustrated brief of a document as one page of HTML.',
  capabilities: {
    'brief.compose': {
      description:
        'Composes a brief from the outputs of document.read, text.analyze, text.summarize and chart.render: one HTML ' +
        'page without scripts or requests, attached as `brief.html`. Nothing that a document brings can run in it.',
      input: {
        type: 'object',
        required: ['document'],
        properties: {
          document: {
            type: 'object',
            required: ['title'],
            description: 'What document.read answered, or what a brief shows of it.',
            properties: {
              title: { type: 'string' },
              kind: { enum: ['markdown', 'html', 'text'] },
              language: { type: 'string' },
              sections: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: { heading: { type: 'string' }, level: { type: 'integer', minimum: 0 } },
                },
              },
              links: { type: 'array', items: linkSchema },
            },
          },
          analysis: {
            type: 'object',
            description: 'What text.analyze answered.',
            properties: {
              keywords: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['term', 'weight'],
                  properties: {
                    term: { type: 'string' },
                    weight: { type: 'number', minimum: 0, maximum: 1 },
                  },
                },
              },
              readability: {
                type: ['object', 'null'],
                required: ['fleschReadingEase', 'fleschKincaidGrade'],
                properties: { fleschReadingEase: { type: 'number' }, fleschKincaidGrade: { type: 'number' } },
              },
              counts: {
                type: 'object',
                required: ['words', 'uniqueWords', 'sentences'],
                properties: {
                  words: { type: 'integer' },
                  uniqueWords: { type: 'integer' },
                  sentences: { type: 'integer' },
                },
              },
              readingMinutes: { type: 'number', minimum: 0 },
            },
          },
          summary: {
            type: 'object',
            required: ['sentences'],
            description: 'What text.summarize answered.',
            properties: {
              sentences: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['text'],
                  properties: { text: { type: 'string' }, section: { type: 'string' } },
                },
              },
            },
          },
          charts: {
            type: 'array',
            maxItems: 8,
            items: {
              type: 'object',
              required: ['title', 'svg'],
              properties: { title: { type: 'string' }, svg: { type: 'string', maxLength: 262144 } },
            },
          },
        },
      },
      output: {
        type: 'object',
        required: ['title', 'bytes'],
        properties: {
          title: { type: 'string' },
          bytes: { type: 'integer', description: 'The size of the page, which is attached.' },
        },
      },
      idempotent: true,
      handle: async (brief: Brief, task) => {
        const { html, badChart } = compose(brief);
        if (html === undefined) throw noDrawing(badChart);
        const value = new TextEncoder().encode(html);
        task.attach({ name: PAGE_NAME, mediaType: 'text/html', content: { case: 'data', value } });
        return { title: brief.document.title, bytes: value.byteLength };
      },
    },
  },
});

function noDrawing(index: number) {
  const message = 'A chart is no SVG that can be read. Send what chart.render answered as `svg`.';
  const violations = [{ field: `payload.charts[${index}].svg`, description: message }];
  return troupeError('INVALID_PAYLOAD', message, { capability: 'brief.compose', violations });
}
