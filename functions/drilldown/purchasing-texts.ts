import type { DrilldownLocale } from '../contracts/drilldown.ts';
import type { PurchasingAlgorithm, PurchasingCandidate } from '../contracts/purchasing-segmentation.ts';

const NAMES: Readonly<Record<PurchasingAlgorithm, string>> = {
  kmeans: 'k-means',
  ward: 'Ward',
  dbscan: 'DBSCAN',
};

interface Words {
  readonly chosen: (what: string, nClusters: number, nCandidates: number, silhouette: string) => string;
  readonly agrees: (daviesBouldin: string) => string;
  readonly disagrees: (what: string, lowest: string, own: string) => string;
}

const WORDS: Readonly<Record<DrilldownLocale, Words>> = {
  en: {
    chosen: (what, nClusters, nCandidates, silhouette) =>
      `${what} with ${nClusters} clusters has the highest silhouette (${silhouette}) of ${nCandidates} eligible candidates`,
    agrees: (daviesBouldin) => `, and the lowest Davies-Bouldin (${daviesBouldin}).`,
    disagrees: (what, lowest, own) => `; Davies-Bouldin prefers ${what} (${lowest} against ${own}).`,
  },
  'pt-BR': {
    chosen: (what, nClusters, nCandidates, silhouette) =>
      `${what} com ${nClusters} clusters tem a maior silhueta (${silhouette}) entre ${nCandidates} candidatos elegíveis`,
    agrees: (daviesBouldin) => ` e o menor Davies-Bouldin (${daviesBouldin}).`,
    disagrees: (what, lowest, own) => `; o Davies-Bouldin prefere ${what} (${lowest} contra ${own}).`,
  },
  es: {
    chosen: (what, nClusters, nCandidates, silhouette) =>
      `${what} con ${nClusters} clústeres tiene la silueta más alta (${silhouette}) de ${nCandidates} candidatos elegibles`,
    agrees: (daviesBouldin) => ` y el Davies-Bouldin más bajo (${daviesBouldin}).`,
    disagrees: (what, lowest, own) => `; Davies-Bouldin prefiere ${what} (${lowest} frente a ${own}).`,
  },
};

/** Why a candidate was chosen; of Davies-Bouldin it says what the benchmark shows. */
export function candidateText(
  best: PurchasingCandidate,
  candidates: readonly PurchasingCandidate[],
  locale: DrilldownLocale,
): string {
  const eligible = candidates.filter((candidate) => candidate.eligible);
  const words = WORDS[locale];
  const print = (score: number | null) => score?.toFixed(4) ?? '–';
  const lowest = eligible.reduce(
    (least, candidate) => (candidate.davies_bouldin! < least.davies_bouldin! ? candidate : least),
    best,
  );
  const own = print(best.davies_bouldin);
  return (
    words.chosen(NAMES[best.algorithm], best.n_clusters, eligible.length, print(best.silhouette)) +
    (lowest === best
      ? words.agrees(own)
      : words.disagrees(
          `${NAMES[lowest.algorithm]} (${lowest.n_clusters})`,
          print(lowest.davies_bouldin),
          own,
        ))
  );
}
