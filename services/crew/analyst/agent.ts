import { defineAgent, troupeError } from '../../agent/index.ts';
import { textInputSchema } from '../document.ts';
import { type AnalyzeInput, analyze } from './analyze.ts';

const count = { type: 'integer', minimum: 0 };

/** Says what a text is about, how long it is and how hard it is to read. */
export const analyst = defineAgent({
  id: 'analyst',
  version: '0.1.0',
  description: 'Measures a text: its keywords, readability, lengths and reading time.',
  capabilities: {
    'text.analyze': {
      description:
        'Analyses a text, given plain or as the sections that document.read answers. Keywords in any language; ' +
        'readability in English.',
      input: {
        ...textInputSchema,
        properties: {
          ...textInputSchema.properties,
          keywords: {
            type: 'integer',
            minimum: 1,
            maximum: 100,
            default: 12,
            description: 'How many at most.',
          },
        },
      },
      output: {
        type: 'object',
        required: ['language', 'keywords', 'readability', 'counts', 'readingMinutes', 'sentenceLengths'],
        properties: {
          language: { type: 'string' },
          keywords: {
            type: 'array',
            items: {
              type: 'object',
              required: ['term', 'weight'],
              properties: { term: { type: 'string' }, weight: { type: 'number', minimum: 0, maximum: 1 } },
            },
          },
          readability: {
            description: 'Null where the text is not English.',
            type: ['object', 'null'],
            properties: {
              fleschReadingEase: { type: 'number', description: '0 (hardest) to 100 (easiest).' },
              fleschKincaidGrade: { type: 'number', description: 'A school grade of the United States.' },
              syllables: count,
            },
          },
          counts: {
            type: 'object',
            properties: {
              characters: count,
              words: count,
              uniqueWords: count,
              sentences: count,
              paragraphs: count,
              sections: count,
            },
          },
          readingMinutes: { type: 'number' },
          sentenceLengths: {
            description: 'How many sentences have how many words: data for chart.render.',
            type: 'array',
            items: { type: 'object', properties: { label: { type: 'string' }, value: count } },
          },
        },
      },
      idempotent: true,
      handle: async (input: AnalyzeInput, task) => {
        const analysis = await analyze(input, task.signal);
        if (analysis) return analysis;
        const message = 'The text has no words. Send at least one sentence.';
        const violations = [{ field: 'payload', description: message }];
        throw troupeError('INVALID_PAYLOAD', message, { capability: 'text.analyze', violations });
      },
    },
  },
});
