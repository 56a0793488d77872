import type { VerdictRule } from './verdict-rule.ts';

/** The runs that do not take place (sources S0-10 and S0-31). */
export const REFUSAL_RULES: readonly VerdictRule[] = [
  {
    code: 'too_few_rows',
    severity: 'refusal',
    status: 422,
    conditions: [{ fact: 'rows', is: 'below', bound: 'min_data_points' }],
    text: {
      en: '{rows} customers are fewer than the {min_data_points} asked for (min_data_points): clusters would be empty. Raise max_data_age_months, wait for more data, or lower min_data_points.',
      'pt-BR':
        '{rows} clientes são menos que os {min_data_points} exigidos (min_data_points): os clusters ficariam vazios. Aumente max_data_age_months, aguarde mais dados ou reduza min_data_points.',
      es: '{rows} clientes son menos que los {min_data_points} exigidos (min_data_points): los clusters quedarían vacíos. Aumente max_data_age_months, espere más datos o reduzca min_data_points.',
    },
  },
  {
    code: 'too_few_clusters',
    severity: 'refusal',
    status: 400,
    algorithms: ['kmeans'],
    conditions: [{ fact: 'requested_clusters', is: 'below', bound: 3 }],
    text: {
      en: 'n_clusters is {requested_clusters}: it must be 3 to 10.',
      'pt-BR': 'n_clusters é {requested_clusters}: deve estar entre 3 e 10.',
      es: 'n_clusters es {requested_clusters}: debe estar entre 3 y 10.',
    },
  },
  {
    code: 'too_many_clusters',
    severity: 'refusal',
    status: 400,
    algorithms: ['kmeans'],
    conditions: [{ fact: 'requested_clusters', is: 'above', bound: 10 }],
    text: {
      en: 'n_clusters is {requested_clusters}: it must be 3 to 10.',
      'pt-BR': 'n_clusters é {requested_clusters}: deve estar entre 3 e 10.',
      es: 'n_clusters es {requested_clusters}: debe estar entre 3 y 10.',
    },
  },
];
