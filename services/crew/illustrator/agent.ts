import { defineAgent } from '../../agent/index.ts';
import { type ChartInput, renderChart } from './render-chart.ts';

/** Draws charts. */
export const illustrator = defineAgent({
  id: 'illustrator',
  version: '0.1.0',
  description: 'Draws charts as SVG.',
  capabilities: {
    'chart.render': {
      description:
        'Draws a bar, line or pie chart of at most 100 values as an SVG document that runs and loads nothing.',
      input: {
        type: 'object',
        required: ['kind', 'title', 'data'],
        properties: {
          kind: { enum: ['bar', 'line', 'pie'] },
          title: { type: 'string', minLength: 1, maxLength: 200, description: 'What the chart shows.' },
          data: {
            type: 'array',
            minItems: 1,
            maxItems: 100,
            items: {
              type: 'object',
              required: ['label', 'value'],
              properties: {
                label: { type: 'string', maxLength: 200, description: 'Cut after 40 characters.' },
                value: { type: 'number', minimum: -1e15, maximum: 1e15 },
              },
            },
          },
          width: {
            type: 'integer',
            minimum: 200,
            maximum: 2000,
            default: 720,
            description: 'In CSS pixels.',
          },
          height: {
            type: 'integer',
            minimum: 150,
            maximum: 2000,
            default: 360,
            description: 'In CSS pixels.',
          },
          showTitle: {
            type: 'boolean',
            default: true,
            description:
              'Whether the title stands above the chart. It always names the chart for screen readers.',
          },
        },
      },
      output: {
        type: 'object',
        required: ['svg', 'width', 'height'],
        properties: { svg: { type: 'string' }, width: { type: 'integer' }, height: { type: 'integer' } },
      },
      idempotent: true,
      handle: (input: ChartInput) => renderChart(input),
    },
  },
});
