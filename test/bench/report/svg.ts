import { figureText } from '../../report/figure-text.ts';
import { LOADS } from '../rows/task-row-plans.ts';
import type { Report } from './report.ts';
import { underLoad, wholeCpuUs } from './under-load.ts';

/** Measures of the drawing, in pixels. */
const WIDTH = 840;
const LABELS = 236;
const FIGURES = 90;
const MARGIN = 24;
const BAR = 20;
const PITCH = 32;
const PANEL_HEAD = 56;
const GAP = 20;

/** What stands for a process in the bars of processor time; a nats-server stands where an orchestrator does. */
const PROCESSES = [
  { names: ['client'], label: 'client', style: 'client' },
  { names: ['orchestrator', 'server'], label: 'orchestrator or broker', style: 'between' },
  { names: ['agent'], label: 'agent', style: 'agent' },
] as const;

/** Readable on light pages and dark ones: it follows the reader's preference, on a ground of its own. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #3d4450 }
  .ground { fill: #ffffff; stroke: #d8dee6 }
  .title { font-size: 16px; font-weight: 600; fill: #1b1f26 }
  .note { font-size: 12px; fill: #667080 }
  .ours { font-weight: 600; fill: #1b1f26 }
  .bar { fill: #a9b4c2 } .bar.ours { fill: #2f6fde }
  .client { fill: #8fa3bf } .between { fill: #2f6fde } .agent { fill: #4fae8b }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3cad4 }
    .ground { fill: #14181f; stroke: #2d3440 }
    .title, text.ours { fill: #f2f5f9 }
    .note { fill: #8c96a5 }
    .bar { fill: #525d6c } .bar.ours { fill: #5b94f5 }
    .client { fill: #66788f } .between { fill: #5b94f5 } .agent { fill: #4aa583 }
  }`;

/** One bar of a panel: its parts follow one another. */
interface Bar {
  label: string;
  ours: boolean;
  parts: readonly { length: number; style: string }[];
}

/** The chart of docs/performance.svg: calls per second, and processor time per call, of everything at 64 in flight. */
export function toSvg(report: Report): string {
  const contestants = underLoad(report, LOADS.small64);
  const isOurs = (name: string) => name.startsWith('Troupe');
  const speeds = contestants.map(([label, { callsPerSecond }]) => {
    const ours = isOurs(label);
    return { label, ours, parts: [{ length: callsPerSecond, style: ours ? 'bar ours' : 'bar' }] };
  });
  const costs = contestants
    .toSorted(([, a], [, b]) => wholeCpuUs(a) - wholeCpuUs(b))
    .map(([label, { processes }]) => ({
      label,
      ours: isOurs(label),
      parts: PROCESSES.map(({ names, style }) => {
        const name = names.find((process) => process in processes);
        return { length: name ? (processes[name]?.cpuUsPerCall ?? 0) : 0, style };
      }),
    }));
  const panelHeight = PANEL_HEAD + contestants.length * PITCH;
  const lower = MARGIN + panelHeight + GAP;
  const height = lower + panelHeight + MARGIN - (PITCH - BAR);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>Calls per second and processor time per call of Troupe and its peers, 64 in flight</title>
<style>${STYLE}
</style>
<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
${panel({ y: MARGIN, title: 'Calls per second', note: '128 bytes of JSON, 64 in flight; longer is better', unit: '', bars: speeds })}
${panel({ y: lower, title: 'Processor time per call', note: 'all processes, µs; shorter is better', unit: ' µs', bars: costs })}
${legend(lower)}
</svg>
`;
}

function panel(options: {
  y: number;
  title: string;
  note: string;
  unit: string;
  bars: readonly Bar[];
}): string {
  const { y, title, note, unit, bars } = options;
  const sum = ({ parts }: Bar) => parts.reduce((total, { length }) => total + length, 0);
  const scale = (WIDTH - LABELS - FIGURES - 2 * MARGIN) / Math.max(...bars.map(sum), Number.MIN_VALUE);
  const drawn = bars.map((bar, n) => {
    const top = y + PANEL_HEAD + n * PITCH;
    const baseline = top + BAR / 2 + 4.5;
    const weight = bar.ours ? ' class="ours"' : '';
    let x = MARGIN + LABELS;
    const rects = bar.parts.map(({ length, style }) => {
      const rect = `<rect class="${style}" x="${x.toFixed(1)}" y="${top}" width="${(length * scale).toFixed(1)}" height="${BAR}"/>`;
      x += length * scale;
      return rect;
    });
    return [
      `<text${weight} x="${MARGIN + LABELS - 12}" y="${baseline}" text-anchor="end">${bar.label}</text>`,
      ...rects,
      `<text${weight} x="${(x + 8).toFixed(1)}" y="${baseline}">${figureText(sum(bar))}${unit}</text>`,
    ].join('\n');
  });
  const head = `<text class="title" x="${MARGIN}" y="${y + 16}">${title}</text>
<text class="note" x="${MARGIN}" y="${y + 36}">${note}</text>`;
  return [head, ...drawn].join('\n');
}

function legend(y: number): string {
  let x = WIDTH - MARGIN - 330;
  return PROCESSES.map(({ label, style }) => {
    const entry = `<rect class="${style}" x="${x}" y="${y + 26}" width="12" height="12" rx="2"/>
<text class="note" x="${x + 18}" y="${y + 36}">${label}</text>`;
    x += 40 + label.length * 7;
    return entry;
  }).join('\n');
}
