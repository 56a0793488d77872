import type { DrilldownLocale } from '../contracts/drilldown.ts';

/** What a sunburst shows of a segment: figures that are not known are left out. */
export interface SunburstNode {
  readonly name: string;
  readonly size: number;
  /** Of the whole, 0..1. */
  readonly share: number;
  readonly avg_spend?: number;
  readonly avg_frequency?: number;
  readonly top_categories?: string;
  readonly children?: readonly SunburstNode[] | undefined;
}

const WIDTH = 1280;
const HEIGHT = 720;
const CENTER = { x: 380, y: 376 };
const INNER_RADIUS = 78;
const OUTER_RADIUS = 318;
/** Okabe and Ito's colours, told apart by colour-blind readers too; then again. */
const COLORS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8c6bb1', '#7f7f7f'];
const MOST_IN_LEGEND = 10;
/** Arc length, px, from which a label fits. */
const LABEL_ARC = 34;

const WORDS: Readonly<
  Record<DrilldownLocale, { customers: string; spend: string; frequency: string; others: string }>
> = {
  en: { customers: 'customers', spend: 'avg spend', frequency: 'purchases', others: 'more segments' },
  'pt-BR': { customers: 'clientes', spend: 'gasto médio', frequency: 'compras', others: 'outros segmentos' },
  es: { customers: 'clientes', spend: 'gasto medio', frequency: 'compras', others: 'segmentos más' },
};

/**
 * A sunburst as one self-contained SVG of 1280 × 720: a ring per level, angles by customers, colours by first-level
 * segment and paler outwards, every arc with its figures as a tooltip, first-level segments listed beside.
 */
export function sunburstSvg(
  root: SunburstNode,
  { title, locale }: { readonly title: string; readonly locale: DrilldownLocale },
): string {
  const words = WORDS[locale];
  const number = (value: number, decimals = 0) =>
    value.toLocaleString(locale, { maximumFractionDigits: decimals, useGrouping: 'always' });
  const nLevels = Math.max(1, depthOf(root));
  const ring = (OUTER_RADIUS - INNER_RADIUS) / nLevels;
  const figures = ({ size, avg_spend, avg_frequency, top_categories }: SunburstNode) =>
    [
      `${number(size)} ${words.customers}`,
      avg_spend === undefined ? '' : `${words.spend} ${number(avg_spend)}`,
      avg_frequency === undefined ? '' : `${number(avg_frequency, 1)} ${words.frequency}`,
      top_categories ?? '',
    ]
      .filter((part) => part !== '')
      .join(' · ');

  const arcs: string[] = [];
  const labels: string[] = [];
  const draw = (node: SunburstNode, from: number, to: number, level: number, color: string): void => {
    const [inner, outer] = [INNER_RADIUS + (level - 1) * ring, INNER_RADIUS + level * ring];
    const opacity = Math.max(0.35, 1 - 0.17 * (level - 1));
    arcs.push(
      `<path d="${arcPath(from, to, inner, outer)}" fill="${color}" fill-opacity="${round(opacity)}">` +
        `<title>${escaped(`${node.name}: ${figures(node)}`)}</title></path>`,
    );
    const middle = (inner + outer) / 2;
    if ((to - from) * middle >= LABEL_ARC && ring >= 18) {
      const { x, y } = pointAt((from + to) / 2, middle);
      const text = level === 1 ? `${number(100 * node.share)} %` : number(node.size);
      labels.push(
        `<text x="${round(x)}" y="${round(y)}" class="${opacity > 0.6 ? 'on' : 'off'}">${escaped(text)}</text>`,
      );
    }
    drawChildren(node, from, to, level, () => color);
  };
  const drawChildren = (
    { children = [], size }: SunburstNode,
    from: number,
    to: number,
    level: number,
    colorOf: (child: number) => string,
  ): void => {
    let start = from;
    children.forEach((child, i) => {
      const end = start + ((to - from) * child.size) / size;
      draw(child, start, end, level + 1, colorOf(i));
      start = end;
    });
  };
  drawChildren(root, 0, 2 * Math.PI, 0, colorOf);

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1f2430}' +
      'path{stroke:#fff;stroke-width:1.5}.on,.off{font-size:13px;text-anchor:middle;dominant-baseline:central;font-weight:600}' +
      '.on{fill:#fff}.h{font-size:26px;font-weight:700}.n{font-size:17px;font-weight:600}.s{font-size:14px;fill:#5a6272}' +
      '.c{font-size:30px;font-weight:700;text-anchor:middle}.d{font-size:13px;text-anchor:middle;fill:#5a6272}</style>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="48" y="46" class="h">${escaped(title)}</text>`,
    ...arcs,
    ...labels,
    `<text x="${CENTER.x}" y="${CENTER.y + 4}" class="c">${number(root.size)}</text>`,
    `<text x="${CENTER.x}" y="${CENTER.y + 26}" class="d">${words.customers}</text>`,
    ...legend(root, { number, figures, others: words.others }),
    '</svg>',
  ].join('\n');
}

const colorOf = (i: number) => COLORS[i % COLORS.length]!;

interface LegendWords {
  readonly number: (value: number, decimals?: number) => string;
  readonly figures: (node: SunburstNode) => string;
  readonly others: string;
}

function legend({ children = [] }: SunburstNode, { number, figures, others }: LegendWords): string[] {
  const shown = children.slice(0, MOST_IN_LEGEND);
  const step = 58;
  const top = Math.max(80, CENTER.y - (shown.length * step) / 2);
  const lines = shown.flatMap((node, i) => {
    const y = top + i * step;
    return [
      `<rect x="760" y="${round(y)}" width="18" height="18" rx="4" fill="${colorOf(i)}"/>`,
      `<text x="790" y="${round(y + 15)}" class="n">${escaped(`${node.name} · ${number(100 * node.share, 1)} %`)}</text>`,
      `<text x="790" y="${round(y + 36)}" class="s">${escaped(shortened(figures(node), 66))}</text>`,
    ];
  });
  const rest = children.length - shown.length;
  const more =
    rest > 0
      ? [`<text x="790" y="${round(top + shown.length * step + 10)}" class="s">+ ${rest} ${others}</text>`]
      : [];
  return [...lines, ...more];
}

const depthOf = ({ children = [] }: SunburstNode): number =>
  children.length === 0 ? 0 : 1 + Math.max(...children.map(depthOf));

const round = (value: number) => Math.round(value * 100) / 100;

/** Clockwise from the top. */
function pointAt(angle: number, radius: number): { x: number; y: number } {
  return { x: CENTER.x + radius * Math.sin(angle), y: CENTER.y - radius * Math.cos(angle) };
}

/** A ring segment; a whole turn is drawn as two halves, since an arc from a point to itself is nothing. */
function arcPath(from: number, to: number, inner: number, outer: number): string {
  if (to - from > 2 * Math.PI - 1e-9) {
    const half = from + Math.PI;
    return `${arcPath(from, half, inner, outer)} ${arcPath(half, half + Math.PI, inner, outer)}`;
  }
  const isLarge = to - from > Math.PI ? 1 : 0;
  const at = (angle: number, radius: number) => {
    const { x, y } = pointAt(angle, radius);
    return `${round(x)} ${round(y)}`;
  };
  return (
    `M${at(from, outer)} A${outer} ${outer} 0 ${isLarge} 1 ${at(to, outer)} ` +
    `L${at(to, inner)} A${inner} ${inner} 0 ${isLarge} 0 ${at(from, inner)} Z`
  );
}

const shortened = (text: string, most: number) =>
  [...text].length > most ? `${[...text].slice(0, most - 1).join('')}…` : text;

const escaped = (text: string) =>
  text
    // Control characters are not allowed in XML, not even escaped.
    .replace(/[^\P{Cc}\t\n]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
