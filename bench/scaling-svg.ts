/** One chart: lines of [size, seconds] points, both above 0. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

const WIDTH = 300;
const HEIGHT = 260;
const LEFT = 56;
const TOP = 34;
const GAP = 76;
const LEGEND = 30;
const COLORS = ['#1b6ca8', '#c8553d', '#3a7d44', '#7b4b94', '#8a6d1b'];

/** Charts side by side, both axes logarithmic, with one legend. Text, no scripts. */
export function scalingSvg(panels: readonly Panel[], names: readonly string[]): string {
  const width = panels.length * (WIDTH + GAP) + LEFT - GAP + 20;
  const height = TOP + HEIGHT + 44 + LEGEND;
  const seconds = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([, y]) => y)));
  const low = Math.floor(Math.log10(Math.min(...seconds)));
  const high = Math.ceil(Math.log10(Math.max(...seconds)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    '<title>Time of the kernels against rows, columns and clusters, log-log</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels.map((panel, i) => drawPanel(panel, LEFT + i * (WIDTH + GAP), low, high, names)),
    ...names.map(
      (name, i) =>
        `<text x="${LEFT + i * 190}" y="${height - 12}" fill="${COLORS[i]}">&#9679; ${escapeText(name)}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  { title, lines }: Panel,
  left: number,
  low: number,
  high: number,
  names: readonly string[],
) {
  const sizes = lines[0]!.points.map(([x]) => x);
  const [from, to] = [Math.log10(sizes[0]!), Math.log10(sizes.at(-1)!)];
  const x = (size: number) => round(left + ((Math.log10(size) - from) / (to - from)) * WIDTH);
  const y = (time: number) => round(TOP + HEIGHT - ((Math.log10(time) - low) / (high - low)) * HEIGHT);
  const parts = [
    `<text x="${left}" y="${TOP - 14}" font-size="13">${escapeText(title)}</text>`,
    `<rect x="${left}" y="${TOP}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#999"/>`,
    ...sizes.map(
      (size) =>
        `<text x="${x(size)}" y="${TOP + HEIGHT + 16}" text-anchor="middle">${size.toLocaleString('en')}</text>`,
    ),
  ];
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power);
    parts.push(
      `<line x1="${left}" x2="${left + WIDTH}" y1="${at}" y2="${at}" stroke="#ddd"/>`,
      `<text x="${left - 6}" y="${at + 4}" text-anchor="end">${power >= 0 ? `${10 ** power} s` : power >= -3 ? `${10 ** (power + 3)} ms` : `${10 ** (power + 6)} µs`}</text>`,
    );
  }
  for (const { name, points } of lines) {
    const color = COLORS[names.indexOf(name)];
    const path = points.map(([size, time]) => `${x(size)},${y(time)}`);
    parts.push(
      `<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
      ...points.map(([size, time]) => `<circle cx="${x(size)}" cy="${y(time)}" r="3" fill="${color}"/>`),
    );
  }
  return parts.join('\n');
}

const round = (value: number) => Math.round(value * 10) / 10;
const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
