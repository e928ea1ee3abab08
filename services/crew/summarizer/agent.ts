import { defineAgent, troupeError } from '../../agent/index.ts';
import { textInputSchema } from '../document.ts';
import { type SummarizeInput, summarize } from './summarize.ts';

const sentenceSchema = {
  type: 'object',
  required: ['text', 'weight', 'section'],
  properties: {
    text: { type: 'string' },
    weight: { type: 'number', minimum: 0, maximum: 1, description: '1 for the most central sentence.' },
    section: { type: 'string', description: 'The heading of its section.' },
  },
};

/** Says in a few of a text's own sentences what it says. */
export const summarizer = defineAgent({
  id: 'summarizer',
  version: '0.1.0',
  description: 'Summarises a text in its own most central sentences.',
  capabilities: {
    'text.summarize': {
      description:
        'Chooses the sentences that say most about a text (TextRank) and gives them in their order. Each is also sent ' +
        'as PROGRESS when it is chosen, the most central first. Of a long text 400 sentences are considered.',
      input: {
        ...textInputSchema,
        properties: {
          ...textInputSchema.properties,
          sentences: {
            type: 'integer',
            minimum: 1,
            maximum: 20,
            default: 5,
            description: 'How many are wanted.',
          },
        },
      },
      output: {
        type: 'object',
        required: ['sentences'],
        properties: { sentences: { type: 'array', items: sentenceSchema } },
      },
      idempotent: true,
      handle: async (input: SummarizeInput, task) => {
        const { signal } = task;
        const onChosen = task.progress.bind(task);
        const summary = await summarize(input, { signal, onChosen });
        if (summary) return summary;
        const message = 'The text has no sentences. Send at least one.';
        const violations = [{ field: 'payload', description: message }];
        throw troupeError('INVALID_PAYLOAD', message, { capability: 'text.summarize', violations });
      },
    },
  },
});
