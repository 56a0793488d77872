import { chiSquareTail } from './chi-square.ts';

/** Shape from which on Wilson and Hilferty's cube is closer than a millionth. */
const LARGE_SHAPE = 1000;
const HALVINGS = 60;

/**
 * Value that a gamma variable with that mean and variance stays below in 2.5% or in 97.5% of the cases: by halving, and for
 * large shapes the cube of a normal one (Wilson & Hilferty, PNAS 17, 1931).
 * @param mean above 0
 * @param variance above 0
 */
export function gammaQuantile(probability: 0.025 | 0.975, mean: number, variance: number): number {
  const shape = (mean * mean) / variance;
  if (shape > LARGE_SHAPE) {
    const z = probability === 0.025 ? -1.959963984540054 : 1.959963984540054;
    return mean * (1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape))) ** 3;
  }
  const scale = variance / mean;
  const tail = (value: number) => chiSquareTail((2 * value) / scale, 2 * shape);
  let [low, high] = [0, mean];
  while (tail(high) > 1 - probability) [low, high] = [high, 2 * high];
  for (let n = 0; n < HALVINGS; n++) {
    const middle = (low + high) / 2;
    if (tail(middle) > 1 - probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
