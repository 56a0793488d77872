/** One policy: its regret over visitors, in the mean and between the luckiest and the unluckiest seed. */
export interface RegretLine {
  readonly name: string;
  readonly points: readonly {
    readonly x: number;
    readonly mean: number;
    readonly low: number;
    readonly high: number;
  }[];
}

const WIDTH = 520;
const HEIGHT = 300;
const LEFT = 60;
const TOP = 20;
const COLORS = ['#c8553d', '#8a6d1b', '#1b6ca8'];

/** Lines with bands from the lowest to the highest seed. Text, no scripts. */
export function regretSvg(lines: readonly RegretLine[]): string {
  const all = lines.flatMap(({ points }) => points);
  const right = Math.max(...all.map(({ x }) => x));
  const top = Math.ceil(Math.max(...all.map(({ high }) => high)) / 100) * 100;
  const x = (value: number) => (LEFT + (value / right) * WIDTH).toFixed(1);
  const y = (value: number) => (TOP + HEIGHT - (value / top) * HEIGHT).toFixed(1);
  const ticks = (most: number) => [0, 0.25, 0.5, 0.75, 1].map((part) => part * most);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 130} ${TOP + HEIGHT + 50}" font-family="sans-serif" font-size="11">`,
    '<title>Conversions lost against the best variant of each segment</title>',
    '<rect width="100%" height="100%" fill="white"/>',
    ...ticks(right).map(
      (value) => `<text x="${x(value)}" y="${TOP + HEIGHT + 16}" text-anchor="middle">${value}</text>`,
    ),
    ...ticks(top).map(
      (value) =>
        `<path d="M${LEFT} ${y(value)}h${WIDTH}" stroke="#ddd"/><text x="${LEFT - 6}" y="${y(value)}" dy="4" text-anchor="end">${value.toFixed(0)}</text>`,
    ),
    `<text x="${LEFT + WIDTH / 2}" y="${TOP + HEIGHT + 38}" text-anchor="middle">visitors</text>`,
    `<text transform="translate(14 ${TOP + HEIGHT / 2}) rotate(-90)" text-anchor="middle">conversions lost</text>`,
    ...lines.flatMap(({ name, points }, i) => {
      const upper = points.map(({ x: at, high }) => `${x(at)} ${y(high)}`).join('L');
      const lower = points
        .toReversed()
        .map(({ x: at, low }) => `${x(at)} ${y(low)}`)
        .join('L');
      const mean = points.map(({ x: at, mean: value }) => `${x(at)} ${y(value)}`).join('L');
      return [
        `<path d="M${upper}L${lower}Z" fill="${COLORS[i]}" opacity="0.18"/>`,
        `<path d="M${LEFT} ${TOP + HEIGHT}L${mean}" fill="none" stroke="${COLORS[i]}" stroke-width="2"/>`,
        `<text x="${LEFT + WIDTH + 8}" y="${y(points.at(-1)!.mean)}" dy="4" fill="${COLORS[i]}">${name}</text>`,
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}
