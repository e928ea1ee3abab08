import type { EChartsCoreOption } from 'echarts/core';

/** What is to be drawn. */
export type ChartInput = {
  /** As bars, a line, or the slices of a pie. */
  kind: ChartKind;
  /** What it shows. It stands above the chart and is its name for those who cannot see it. */
  title: string;
  /** Its values in their order: 1 to 100. */
  data: { label: string; value: number }[];
  /** How wide it is, in CSS pixels: 200 to 2,000. Default: 720. */
  width?: number;
  /** How high it is, in CSS pixels: 150 to 2,000. Default: 360. */
  height?: number;
  /** Whether the title stands above it. A page that prints a caption of its own leaves it out. Default: true. */
  showTitle?: boolean;
};

/** The kinds of chart. */
export type ChartKind = 'bar' | 'line' | 'pie';

/** A chart. */
export type Chart = {
  /** A whole SVG document, with nothing in it that runs or loads. */
  svg: string;
  /** Its width in CSS pixels. */
  width: number;
  /** Its height in CSS pixels. */
  height: number;
};

/** The longest label that is drawn, in UTF-16 units; longer ones end in an ellipsis. */
const LONGEST_LABEL = 40;

/** Colours that hold on white and on near black alike: contrast with either is above 3 : 1 (WCAG 2.2, 1.4.11). */
const COLORS = ['#3d7ea6', '#c2703d', '#5b8c5a', '#9a6fb0', '#b5843a', '#c25b6e', '#4b8f8c', '#7d7a75'];
const INK = '#767676';
const RULE = '#8884';

/** Draws a chart with ECharts, on the server. The libraries are loaded with the first chart. */
export async function renderChart(input: ChartInput): Promise<Chart> {
  const echarts = await loadECharts();
  const { width = 720, height = 360 } = input;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(optionOf({ ...input, width }));
    return { svg: finished(chart.renderToSVGString(), input.title), width, height };
  } finally {
    chart.dispose();
  }
}

async function loadECharts() {
  const [core, { SVGRenderer }] = await Promise.all([
    import('echarts/core'),
    import('echarts/renderers'),
    // `echarts/charts` would load all twenty kinds, which takes a second and 20 MB more.
    import('echarts/lib/chart/bar'),
    import('echarts/lib/chart/line'),
    import('echarts/lib/chart/pie'),
    import('echarts/lib/component/grid'),
    import('echarts/lib/component/title'),
  ]);
  core.use(SVGRenderer);
  return core;
}

function optionOf({
  kind,
  title,
  data,
  width,
  showTitle = true,
}: ChartInput & { width: number }): EChartsCoreOption {
  const points = data.map(({ label, value }) => ({ name: shortened(label), value }));
  return {
    animation: false,
    color: COLORS,
    textStyle: { color: INK, fontFamily: 'system-ui, sans-serif', fontSize: 12 },
    title: {
      show: showTitle,
      text: title,
      left: 4,
      top: 8,
      textStyle: { color: INK, fontSize: 15, fontWeight: 600 },
    },
    ...(kind === 'pie' ? pie(points) : axes(kind, points, { width, showTitle })),
  };
}

interface Point {
  name: string;
  value: number;
}

/** The most bars or points of which every one is labelled; of more, as many as have room. */
const MOST_LABELLED = 20;

function axes(
  kind: 'bar' | 'line',
  points: readonly Point[],
  { width, showTitle }: { width: number; showTitle: boolean },
): EChartsCoreOption {
  const isLabelled = points.length <= MOST_LABELLED;
  const room = { interval: 0, overflow: 'truncate', width: (width - 64) / points.length - 6 };
  return {
    grid: { left: 8, right: 8, top: showTitle ? 64 : 28, bottom: 12 },
    xAxis: {
      type: 'category',
      data: points.map(({ name }) => name),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: INK } },
      axisLabel: { color: INK, ...(isLabelled ? room : { hideOverlap: true }) },
    },
    yAxis: {
      type: 'value',
      axisLabel: { color: INK },
      splitLine: { lineStyle: { color: RULE } },
    },
    series: [
      {
        type: kind,
        silent: true,
        clip: false,
        data: points.map(({ value }) => value),
        barMaxWidth: 64,
        itemStyle: { borderRadius: [3, 3, 0, 0] },
        label: { show: isLabelled, position: 'top', color: INK },
      },
    ],
  };
}

function pie(points: readonly Point[]): EChartsCoreOption {
  return {
    series: [
      {
        type: 'pie',
        silent: true,
        radius: ['38%', '66%'],
        center: ['50%', '54%'],
        data: points,
        label: { color: INK, formatter: '{b} ({d} %)' },
      },
    ],
  };
}

/**
 * Names the drawing for those who hear it, and takes out what serves hovering and counts up from chart to chart, so
 * that the same input gives the same drawing. ECharts escapes the texts that it draws; the name is ours to escape.
 */
function finished(svg: string, title: string): string {
  const name = title.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
  return (
    svg
      .replace(/<style >[\s\S]*?<\/style>\n?/, '')
      .replaceAll(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
      .replaceAll(/(clip-path="url\(#|<clipPath id=")zr\d+-/g, '$1')
      // Where ECharts shortens a text to fit, it may leave half a character.
      .replaceAll(/\p{Cs}/gu, '')
      .replace(
        /^<svg([^>]*)>/,
        (_, rest) => `<svg${rest} role="img" aria-label="${name}">\n<title>${name}</title>`,
      )
  );
}

function shortened(label: string): string {
  return label.length <= LONGEST_LABEL ? label : `${label.slice(0, LONGEST_LABEL - 1).toWellFormed()}…`;
}
