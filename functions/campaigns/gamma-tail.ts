/**
 * Regularised upper incomplete gamma function Q(a, x), 0..1: the chance that a Gamma(a, 1) variable exceeds x. Series
 * below a + 1, Lentz's continued fraction above it (DLMF 8.11.4 and 8.9.2); good to about 1e-13.
 * @param shape a > 0
 * @param x ≥ 0
 */
export function gammaTail(shape: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const scale = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * Number.EPSILON; n++) {
      term *= x / (shape + n);
      sum += term;
    }
    return clamp(1 - scale * sum);
  }
  const tiny = 1e-300;
  let b = x + 1 - shape;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const a = -n * (n - shape);
    b += 2;
    d = 1 / nonZero(a * d + b, tiny);
    c = nonZero(b + a / c, tiny);
    const step = c * d;
    fraction *= step;
    if (Math.abs(step - 1) < Number.EPSILON) break;
  }
  return clamp(scale * fraction);
}

/** Lanczos's approximation of ln Γ(x), x > 0, with g = 7 and nine terms (Numerical Recipes 3rd ed., 6.1). */
function logGamma(x: number): number {
  const terms = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const sum = terms.reduce((total, term, n) => (n === 0 ? term : total + term / (x - 1 + n)), 0);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

const nonZero = (value: number, tiny: number) => (Math.abs(value) < tiny ? tiny : value);
const clamp = (value: number) => Math.min(1, Math.max(0, value));
