/** How well classes were told, of held-out rows. */
export interface ClassifierMetrics {
  readonly accuracy: number;
  /** Mean F1 of the classes that occur. */
  readonly f1_macro: number;
  /** Mean F1 of the classes, weighted by how often they occur. */
  readonly f1_weighted: number;
  /** Mean −ln of the probability given to what came. */
  readonly log_loss: number;
}

/**
 * Metrics as scikit-learn defines them; a class that neither occurs nor is predicted does not count.
 * @param probabilities one array per class
 * @param predicted class per row; default: the likeliest
 */
export function classifierMetrics(
  labels: Uint8Array,
  probabilities: readonly Float64Array[],
  predicted: Uint8Array = likeliest(probabilities, labels.length),
): ClassifierMetrics {
  const n = labels.length;
  const places = probabilities.map((_, place) => place);
  const count = (holds: (row: number) => boolean) => {
    let total = 0;
    for (let row = 0; row < n; row++) if (holds(row)) total++;
    return total;
  };
  const scores = places.map((place) => {
    const occurs = count((row) => labels[row] === place);
    const told = count((row) => predicted[row] === place);
    const right = count((row) => labels[row] === place && predicted[row] === place);
    return { occurs, told, f1: occurs + told === 0 ? 0 : (2 * right) / (occurs + told) };
  });
  const present = scores.filter(({ occurs, told }) => occurs + told > 0);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  let loss = 0;
  for (let row = 0; row < n; row++) {
    loss -= Math.log(Math.min(1, Math.max(1e-15, probabilities[labels[row]!]![row]!)));
  }
  return {
    accuracy: count((row) => labels[row] === predicted[row]) / n,
    f1_macro: sum(present.map(({ f1 }) => f1)) / present.length,
    f1_weighted: sum(scores.map(({ f1, occurs }) => f1 * occurs)) / n,
    log_loss: loss / n,
  };
}

/** The likeliest class of each row; of equals the first. */
export function likeliest(probabilities: readonly Float64Array[], rows: number): Uint8Array {
  return Uint8Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (const [place, values] of probabilities.entries()) {
      if (values[row]! > probabilities[best]![row]!) best = place;
    }
    return best;
  });
}
