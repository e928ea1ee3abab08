import type { Options } from 'rehype-sanitize';

/** A colour, by name or number: no `url(…)`, which could load something. */
const COLOR = /^(?:[a-z]+|#[\da-f]{3,8}|rgba?\([\d.,%\s]+\))$/i;

const SHAPES = ['circle', 'ellipse', 'g', 'line', 'path', 'polygon', 'polyline', 'rect', 'text', 'tspan'];

/**
 * What may stand in the body of a brief, whoever wrote it: text and its structure, links to http, https and mailto, and
 * drawings of shapes and text. No scripts, styles, ids, handlers, embedded pictures, animations or references.
 */
export const safeSchema: Options = {
  tagNames: [
    ...[
      'a',
      'b',
      'dd',
      'div',
      'dl',
      'dt',
      'figcaption',
      'figure',
      'footer',
      'h1',
      'h2',
      'header',
      'li',
      'main',
      'ol',
    ],
    ...['p', 'section', 'small', 'span', 'svg', 'title', 'ul'],
    ...SHAPES,
  ],
  ancestors: Object.fromEntries([...SHAPES, 'title'].map((tagName) => [tagName, ['svg']])),
  attributes: {
    '*': ['lang', 'dir', 'role', 'ariaLabel', 'ariaHidden', 'dataPart', 'dataLevel'],
    a: ['href', ['rel', 'noopener', 'noreferrer']],
    ...Object.fromEntries(['svg', ...SHAPES].map((tagName) => [tagName, drawing()])),
  },
  protocols: { href: ['http', 'https', 'mailto'] },
  strip: ['script', 'style', 'foreignObject', 'iframe', 'template', 'noscript'],
  clobber: [],
};

function drawing(): NonNullable<Options['attributes']>[string] {
  return [
    ...[
      'cx',
      'cy',
      'd',
      'dominantBaseline',
      'dx',
      'dy',
      'fillOpacity',
      'fillRule',
      'fontSize',
      'fontWeight',
      'height',
    ],
    ...[
      'opacity',
      'points',
      'preserveAspectRatio',
      'r',
      'rx',
      'ry',
      'strokeDashArray',
      'strokeLineCap',
      'strokeLineJoin',
    ],
    ...[
      'strokeOpacity',
      'strokeWidth',
      'textAnchor',
      'transform',
      'viewBox',
      'width',
      'x',
      'x1',
      'x2',
      'y',
      'y1',
      'y2',
    ],
    ['fill', COLOR],
    ['stroke', COLOR],
  ];
}
