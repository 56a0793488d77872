import type { DrilldownLocale } from '../contracts/drilldown.ts';
import type { Split } from './split-rows.ts';

/** What a text about one cluster says. */
export interface ClusterFigures {
  readonly nCustomers: number;
  readonly avgSpend: number;
  readonly avgFrequency: number;
  readonly topCategories: string;
}

interface Words {
  readonly selected: (parent: number, k: number, silhouette: string) => string;
  readonly agrees: (daviesBouldin: string) => string;
  readonly disagrees: (k: number, lowest: string, own: string) => string;
  readonly onlyCandidate: (parent: number, k: number, silhouette: string, daviesBouldin: string) => string;
  readonly silhouette: string;
  readonly daviesBouldin: string;
  readonly cluster: (
    figures: Readonly<Record<'customers' | 'spend' | 'frequency', string>>,
    isOne: boolean,
  ) => string;
  readonly purchases: (window: string | undefined) => string;
  readonly categories: (top: string) => string;
  readonly noCategories: string;
}

const WORDS: Readonly<Record<DrilldownLocale, Words>> = {
  en: {
    selected: (parent, k, silhouette) =>
      `Inside parent-cluster ${parent}, k = ${k} yielded the highest silhouette (${silhouette})`,
    agrees: (daviesBouldin) => ` and lowest Davies-Bouldin (${daviesBouldin}).`,
    disagrees: (k, lowest, own) => `; Davies-Bouldin prefers k = ${k} (${lowest} against ${own}).`,
    onlyCandidate: (parent, k, silhouette, daviesBouldin) =>
      `Inside parent-cluster ${parent}, k = ${k} was the only candidate (silhouette ${silhouette}, Davies-Bouldin ${daviesBouldin}).`,
    silhouette: 'Ranges −1…1; closer to 1 means dense & well-separated.',
    daviesBouldin: 'Lower is better; 0 indicates perfect separation.',
    cluster: ({ customers, spend, frequency }, isOne) =>
      `${customers} customer${isOne ? '' : 's'}, avg spend ${spend}, ${frequency}`,
    purchases: (window) => (window === undefined ? 'purchases/mo' : `purchases in ${window}`),
    categories: (top) => `. Top categories: ${top}.`,
    noCategories: '. No categories.',
  },
  'pt-BR': {
    selected: (parent, k, silhouette) =>
      `Dentro do cluster ${parent}, k = ${k} obteve a maior silhueta (${silhouette})`,
    agrees: (daviesBouldin) => ` e o menor Davies-Bouldin (${daviesBouldin}).`,
    disagrees: (k, lowest, own) => `; o Davies-Bouldin prefere k = ${k} (${lowest} contra ${own}).`,
    onlyCandidate: (parent, k, silhouette, daviesBouldin) =>
      `Dentro do cluster ${parent}, k = ${k} foi o único candidato (silhueta ${silhouette}, Davies-Bouldin ${daviesBouldin}).`,
    silhouette: 'Varia de −1 a 1; perto de 1 significa grupos densos e bem separados.',
    daviesBouldin: 'Quanto menor, melhor; 0 indica separação perfeita.',
    cluster: ({ customers, spend, frequency }, isOne) =>
      `${customers} ${isOne ? 'cliente' : 'clientes'}, gasto médio ${spend}, ${frequency}`,
    purchases: (window) => (window === undefined ? 'compras/mês' : `compras em ${window}`),
    categories: (top) => `. Principais categorias: ${top}.`,
    noCategories: '. Sem categorias.',
  },
  es: {
    selected: (parent, k, silhouette) =>
      `Dentro del clúster ${parent}, k = ${k} obtuvo la silueta más alta (${silhouette})`,
    agrees: (daviesBouldin) => ` y el Davies-Bouldin más bajo (${daviesBouldin}).`,
    disagrees: (k, lowest, own) => `; Davies-Bouldin prefiere k = ${k} (${lowest} frente a ${own}).`,
    onlyCandidate: (parent, k, silhouette, daviesBouldin) =>
      `Dentro del clúster ${parent}, k = ${k} fue el único candidato (silueta ${silhouette}, Davies-Bouldin ${daviesBouldin}).`,
    silhouette: 'Va de −1 a 1; cerca de 1 significa grupos densos y bien separados.',
    daviesBouldin: 'Cuanto más bajo, mejor; 0 indica separación perfecta.',
    cluster: ({ customers, spend, frequency }, isOne) =>
      `${customers} ${isOne ? 'cliente' : 'clientes'}, gasto medio ${spend}, ${frequency}`,
    purchases: (window) => (window === undefined ? 'compras/mes' : `compras en ${window}`),
    categories: (top) => `. Categorías principales: ${top}.`,
    noCategories: '. Sin categorías.',
  },
};

/** What the two scores mean, in the reader's language. */
export function metricExplanation(locale: DrilldownLocale): { silhouette: string; davies_bouldin: string } {
  const { silhouette, daviesBouldin } = WORDS[locale];
  return { silhouette, davies_bouldin: daviesBouldin };
}

/** One sentence about a cluster: size, average spend, purchases, categories. */
export function clusterText(
  { nCustomers, avgSpend, avgFrequency, topCategories }: ClusterFigures,
  locale: DrilldownLocale,
  window?: string,
): string {
  const words = WORDS[locale];
  const number = (value: number, decimals: number) =>
    value.toLocaleString(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: 'always',
    });
  const frequency = `${number(avgFrequency, 1)} ${words.purchases(window)}`;
  const figures = { customers: number(nCustomers, 0), spend: number(avgSpend, 0), frequency };
  const start = words.cluster(figures, nCustomers === 1);
  return start + (topCategories === '' ? words.noCategories : words.categories(topCategories));
}

/** Why the selected split was taken; never claims of Davies-Bouldin what the benchmark does not show. */
export function selectionText(
  parent: number,
  selected: Split,
  splits: readonly Split[],
  locale: DrilldownLocale,
): string {
  const words = WORDS[locale];
  const print = decimalsThatTell(splits);
  const silhouette = print(selected.silhouette);
  const own = print(selected.daviesBouldin);
  if (splits.length === 1) return words.onlyCandidate(parent, selected.nClusters, silhouette, own);
  const lowest = splits.reduce(
    (best, split) => (split.daviesBouldin < best.daviesBouldin ? split : best),
    selected,
  );
  return (
    words.selected(parent, selected.nClusters, silhouette) +
    (lowest === selected
      ? words.agrees(own)
      : words.disagrees(lowest.nClusters, print(lowest.daviesBouldin), own))
  );
}

/** Three decimals, or as many as tell different scores apart. */
function decimalsThatTell(splits: readonly Split[]): (score: number) => string {
  const scores = [
    splits.map(({ silhouette }) => silhouette),
    splits.map(({ daviesBouldin }) => daviesBouldin),
  ];
  const tells = (decimals: number) =>
    scores.every(
      (column) => new Set(column.map((score) => score.toFixed(decimals))).size === new Set(column).size,
    );
  let decimals = 3;
  while (decimals < 20 && !tells(decimals)) decimals++;
  return (score) => score.toFixed(decimals);
}
