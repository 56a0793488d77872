import { REFUSAL_RULES } from './refusal-rules.ts';
import type { VerdictRule } from './verdict-rule.ts';

/**
 * The published refusals, verdicts and advices (source S0-31, ruling X06). The level of the structure test is 0.025, one in
 * 40 tables without structure.
 */
export const VERDICT_RULES: readonly VerdictRule[] = [
  ...REFUSAL_RULES,
  {
    code: 'no_structure',
    severity: 'verdict',
    conditions: [{ fact: 'p_uniform', is: 'above', bound: 0.025 }],
    text: {
      en: 'No structure: customers without any groups would be clustered as well (p = {p_uniform}). The clusters are slices of one cloud, and get no names. Use other features.',
      'pt-BR':
        'Sem estrutura: clientes sem grupo algum seriam agrupados igualmente bem (p = {p_uniform}). Os clusters são fatias de uma só nuvem e não recebem nomes. Use outras features.',
      es: 'Sin estructura: clientes sin grupo alguno se agruparían igual de bien (p = {p_uniform}). Los clusters son porciones de una sola nube y no reciben nombres. Use otras features.',
    },
  },
  {
    code: 'all_noise',
    severity: 'verdict',
    algorithms: ['dbscan'],
    conditions: [{ fact: 'clusters', is: 'below', bound: 1 }],
    text: {
      en: 'No region is dense: every customer is noise. Raise epsilon, use epsilon "auto", or lower min_samples.',
      'pt-BR':
        'Nenhuma região é densa: todo cliente é ruído. Aumente epsilon, use epsilon "auto" ou reduza min_samples.',
      es: 'Ninguna región es densa: todo cliente es ruido. Aumente epsilon, use epsilon "auto" o reduzca min_samples.',
    },
  },
  {
    code: 'no_split',
    severity: 'verdict',
    algorithms: ['hierarchical'],
    conditions: [{ fact: 'clusters', is: 'atMost', bound: 1 }],
    text: {
      en: 'No split separates the customers well enough: the tree is its root. Use better features, or lower min_silhouette.',
      'pt-BR':
        'Nenhuma divisão separa bem os clientes: a árvore é só a raiz. Use features melhores ou reduza min_silhouette.',
      es: 'Ninguna división separa bien a los clientes: el árbol es solo la raíz. Use mejores features o reduzca min_silhouette.',
    },
  },
  {
    code: 'single_columns',
    severity: 'advice',
    conditions: [
      { fact: 'p_uniform', is: 'atMost', bound: 0.025 },
      { fact: 'p_independent', is: 'above', bound: 0.025 },
    ],
    text: {
      en: 'The structure is that of single columns: shuffling each by itself clusters as well (p = {p_independent}). Cut points on those columns would do.',
      'pt-BR':
        'A estrutura é de colunas isoladas: embaralhar cada uma agrupa igualmente bem (p = {p_independent}). Pontos de corte nessas colunas bastariam.',
      es: 'La estructura es de columnas aisladas: barajar cada una agrupa igual de bien (p = {p_independent}). Bastarían puntos de corte en esas columnas.',
    },
  },
  {
    code: 'weak_separation',
    severity: 'advice',
    conditions: [{ fact: 'silhouette', is: 'below', bound: 0.3 }],
    text: {
      en: 'The silhouette is {silhouette}, below 0.3: segments overlap. Raise n_clusters or use better features.',
      'pt-BR':
        'A silhueta é {silhouette}, abaixo de 0,3: os segmentos se sobrepõem. Aumente n_clusters ou use features melhores.',
      es: 'La silueta es {silhouette}, por debajo de 0,3: los segmentos se solapan. Aumente n_clusters o use mejores features.',
    },
  },
  {
    code: 'one_dense_cluster',
    severity: 'advice',
    algorithms: ['dbscan'],
    conditions: [{ fact: 'largest_share', is: 'above', bound: 0.99 }],
    text: {
      en: 'One cluster holds {largest_share_percent}% of the customers: epsilon is too large to tell them apart. Lower it, or use epsilon "auto".',
      'pt-BR':
        'Um cluster contém {largest_share_percent}% dos clientes: epsilon é grande demais para distingui-los. Reduza-o ou use epsilon "auto".',
      es: 'Un cluster contiene el {largest_share_percent}% de los clientes: epsilon es demasiado grande para distinguirlos. Redúzcalo o use epsilon "auto".',
    },
  },
  {
    code: 'one_large_cluster',
    severity: 'advice',
    algorithms: ['kmeans', 'hierarchical'],
    conditions: [
      { fact: 'largest_share', is: 'above', bound: 0.99 },
      { fact: 'clusters', is: 'above', bound: 1 },
    ],
    text: {
      en: 'One cluster holds {largest_share_percent}% of the customers; the others are extremes. Clip or log heavy-tailed columns, and look at the outliers of dbscan.',
      'pt-BR':
        'Um cluster contém {largest_share_percent}% dos clientes; os outros são extremos. Limite ou aplique log às colunas de cauda longa e veja os outliers do dbscan.',
      es: 'Un cluster contiene el {largest_share_percent}% de los clientes; los otros son extremos. Acote o aplique log a las columnas de cola larga y vea los outliers de dbscan.',
    },
  },
  {
    code: 'many_outliers',
    severity: 'advice',
    algorithms: ['dbscan'],
    conditions: [
      { fact: 'noise_share', is: 'above', bound: 0.2 },
      { fact: 'clusters', is: 'above', bound: 0 },
    ],
    text: {
      en: '{noise_share_percent}% of the customers are outliers, more than 20%: epsilon or min_samples are too strict. Raise epsilon, or lower min_samples.',
      'pt-BR':
        '{noise_share_percent}% dos clientes são outliers, mais de 20%: epsilon ou min_samples são rígidos demais. Aumente epsilon ou reduza min_samples.',
      es: 'El {noise_share_percent}% de los clientes son outliers, más del 20%: epsilon o min_samples son demasiado estrictos. Aumente epsilon o reduzca min_samples.',
    },
  },
];
