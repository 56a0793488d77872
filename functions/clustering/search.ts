import type { Scores } from '../contracts/records.ts';
import { InsufficientDataError } from '../errors.ts';

/** Fewest decimals printed. */
const MIN_DECIMALS = 4;
const MAX_DECIMALS = 20;

/** What the choice looks at. */
export interface ScoredFit {
  readonly candidate: { readonly nClusters: number };
  readonly scores: Pick<Scores, 'silhouette' | 'daviesBouldin'>;
}

/** Every candidate with its scores, by number of clusters; the selected number, and why. */
export interface Selection<Fit extends ScoredFit> {
  readonly candidates: readonly { readonly nClusters: number; readonly scores: Fit['scores'] }[];
  readonly selected: number;
  readonly reason: string;
}

/**
 * Selects among fitted candidates: highest silhouette, then lowest Davies-Bouldin, then fewest clusters. The reason
 * names the scores that decided and says whether Davies-Bouldin agrees.
 * @throws InsufficientDataError without a candidate
 */
export function selectCandidate<Fit extends ScoredFit>(
  fits: readonly Fit[],
): { selected: Fit; report: Selection<Fit> } {
  const byClusters = fits.toSorted((a, b) => a.candidate.nClusters - b.candidate.nClusters);
  const [selected] = byClusters.toSorted(betterFirst);
  if (!selected) {
    throw new InsufficientDataError(
      'There is no fitted candidate to select from; at least one was expected. Ask for at least one number of clusters.',
      { reason: 'no_candidates' },
    );
  }
  return {
    selected,
    report: {
      candidates: byClusters.map(({ candidate, scores }) => ({ nClusters: candidate.nClusters, scores })),
      selected: selected.candidate.nClusters,
      reason: reasonFor(selected, byClusters),
    },
  };
}

/** Stable: candidates come by ascending number of clusters, so that a full tie goes to the fewest. */
function betterFirst({ scores: a }: ScoredFit, { scores: b }: ScoredFit) {
  return b.silhouette - a.silhouette || a.daviesBouldin - b.daviesBouldin;
}

function reasonFor(selected: ScoredFit, fits: readonly ScoredFit[]): string {
  const { nClusters } = selected.candidate;
  const silhouette = printer(fits.map(({ scores }) => scores.silhouette));
  const daviesBouldin = printer(fits.map(({ scores }) => scores.daviesBouldin));
  const own = `silhouette ${silhouette(selected.scores.silhouette)}, Davies-Bouldin ${daviesBouldin(selected.scores.daviesBouldin)}`;
  if (fits.length === 1) return `${nClusters} clusters were asked for (${own}).`;

  const others = fits.filter((fit) => fit !== selected);
  const equalSilhouette = others.filter(({ scores }) => scores.silhouette === selected.scores.silhouette);
  const equalBoth = equalSilhouette.filter(
    ({ scores }) => scores.daviesBouldin === selected.scores.daviesBouldin,
  );
  const start = `${nClusters} clusters of ${fits.length} candidates (${own}): `;
  if (equalBoth.length > 0) {
    return `${start}the fewest clusters among those with the highest silhouette and, of these, the lowest Davies-Bouldin.`;
  }
  if (equalSilhouette.length > 0) {
    return `${start}the lowest Davies-Bouldin among those with the highest silhouette.`;
  }
  const lowest = others.reduce((best, fit) => (daviesBouldinBelow(fit, best) ? fit : best), selected);
  const verdict =
    lowest === selected
      ? 'Davies-Bouldin agrees, being the lowest too'
      : `Davies-Bouldin prefers ${lowest.candidate.nClusters} clusters (${daviesBouldin(lowest.scores.daviesBouldin)})`;
  return `${start}the highest silhouette; ${verdict}.`;
}

function daviesBouldinBelow(a: ScoredFit, b: ScoredFit) {
  return a.scores.daviesBouldin < b.scores.daviesBouldin;
}

/** Prints numbers with as many decimals as keep different values different in the text. */
function printer(values: readonly number[]): (value: number) => string {
  const distinct = new Set(values);
  for (let decimals = MIN_DECIMALS; decimals <= MAX_DECIMALS; decimals++) {
    const texts = new Set([...distinct].map((value) => value.toFixed(decimals)));
    if (texts.size === distinct.size) return (value) => value.toFixed(decimals);
  }
  return String;
}
