import { run } from '../../agent/main.ts';
import { illustrator } from './agent.ts';
import { renderChart } from './render-chart.ts';

// The first chart loads ECharts, which keeps a busy machine from answering heartbeats: draw it before anyone asks.
await renderChart({ kind: 'bar', title: 'Warm-up', data: [{ label: 'one', value: 1 }] });
await run(illustrator);
