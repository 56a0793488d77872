import type { RecommendationType } from '../contracts/campaign-records.ts';
import type { RecommendationFacts } from './recommendation-facts.ts';
import type { SuggestedAction } from './recommendation-rules.ts';

/** What a recommendation says, in the language of the source (Portuguese). */
export interface RecommendationText {
  readonly title: string;
  readonly description: string;
  readonly action: SuggestedAction;
}

/** Change of the daily budget that is suggested, %. */
const INCREASE_PERCENT = 30;
const DECREASE_PERCENT = -25;

const WEEKDAYS = ['segunda', 'terça', 'quarta', 'quinta', 'sexta', 'sábado', 'domingo'];
const numbers = new Intl.NumberFormat('pt-BR', { maximumFractionDigits: 2 });
const text = (value: number) => (Number.isFinite(value) ? numbers.format(value) : 'sem dado');
const percent = (value: number) =>
  Number.isFinite(value) ? `${value > 0 ? '+' : ''}${text(value)}%` : 'sem dado';
const known = (value: number) => (Number.isFinite(value) ? value : null);
const weekday = (value: number) => WEEKDAYS[value] ?? 'sem dado';

const againstAverage = (f: RecommendationFacts) =>
  `CPL de ${text(f.cpl7d)} em 7 dias contra ${text(f.averageCpl)} da conta (${text(f.cplRatio)} da média)`;

function budget(f: RecommendationFacts, changePercent: number, impact: string): SuggestedAction {
  const current = known(f.dailyBudget);
  const suggested = current === null ? null : Math.round(current * (100 + changePercent)) / 100;
  return {
    field: 'daily_budget',
    current,
    suggested,
    impact,
    change_percent: changePercent,
    expected_impact: impact,
  };
}

function pauseReason(f: RecommendationFacts): string {
  if (f.leads7d === 0) return `${text(f.spend7d)} gastos em 7 dias sem nenhum lead`;
  if (f.daysInTier >= 7) return `${againstAverage(f)}, há ${text(f.daysInTier)} dias entre as piores`;
  return `${againstAverage(f)}, com ${text(f.daysActive)} dias ativos`;
}

/** Words and action of a recommendation of this type on these facts. */
export function recommendationText(type: RecommendationType, f: RecommendationFacts): RecommendationText {
  switch (type) {
    case 'BUDGET_INCREASE':
      return {
        title: `Aumentar o orçamento diário em ${INCREASE_PERCENT}%`,
        description: `${againstAverage(f)}, leads em ${text(f.daysWithLeads7d)} de 7 dias e CPL ${percent(f.cplTrend)} sobre a semana anterior.`,
        action: budget(f, INCREASE_PERCENT, 'Aumento de leads proporcional'),
      };
    case 'BUDGET_DECREASE':
      return {
        title: `Reduzir o orçamento diário em ${-DECREASE_PERCENT}%`,
        description: `${againstAverage(f)} e subindo: ${percent(f.cplTrend)} sobre a semana anterior, com ${text(f.spend7d)} gastos.`,
        action: budget(f, DECREASE_PERCENT, 'Menos gasto em leads caros'),
      };
    case 'PAUSE_CAMPAIGN':
      return {
        title: 'Pausar a campanha',
        description: `${pauseReason(f)}.`,
        action: {
          field: 'status',
          current: 'ACTIVE',
          suggested: 'PAUSED',
          impact: `Cerca de ${text(f.spend7d)} por semana livres para outras campanhas`,
        },
      };
    case 'SCALE_UP':
      return {
        title: 'Escalar: repetir a campanha em um público novo',
        description: `${againstAverage(f)}, ${text(f.leads7d)} leads em ${text(f.daysWithLeads7d)} de 7 dias. Uma cópia em um público semelhante soma leads sem mexer no que funciona.`,
        action: {
          field: 'campaign_copies',
          current: 1,
          suggested: 2,
          impact: 'Mais leads sem saturar o público atual',
        },
      };
    case 'CREATIVE_REFRESH':
      return {
        title: 'Trocar os criativos',
        description: `Frequência média de ${text(f.frequency7d)} em 7 dias, CTR ${percent(f.ctrTrend)} e CPL ${percent(f.cplTrend)} sobre a semana anterior.`,
        action: {
          field: 'creatives',
          current: 'atuais',
          suggested: 'novos',
          impact: 'Recuperar o CTR de um público que já viu os anúncios',
        },
      };
    case 'AUDIENCE_REVIEW':
      return {
        title: 'Revisar a audiência',
        description: `${Number.isFinite(f.frequency7d) ? `Frequência média de ${text(f.frequency7d)}, ` : ''}CPL ${percent(f.cplTrend)}, leads ${percent(f.leadsTrend)} e CTR ${percent(f.ctrTrend)} sobre a semana anterior: quem quer clica, mas restam poucos.`,
        action: {
          field: 'audience',
          current: 'atual',
          suggested: 'ampliada ou nova',
          impact: 'Alcançar pessoas que ainda não viram os anúncios',
        },
      };
    case 'REACTIVATE':
      return {
        title: 'Reativar a campanha',
        description: `Pausada com ${text(f.leads30d)} leads em 30 dias a ${text(f.cpl30d)} cada (${text(f.cplRatio30d)} da média da conta).`,
        action: {
          field: 'status',
          current: 'PAUSED',
          suggested: 'ACTIVE',
          impact: 'Leads ao preço médio da conta, ou abaixo',
        },
      };
    case 'OPTIMIZE_SCHEDULE':
      return {
        title: `Concentrar a verba: ${weekday(f.bestDay)} rende mais que ${weekday(f.worstDay)}`,
        description: `Em 30 dias o CPL de ${weekday(f.worstDay)} foi ${Number.isFinite(f.weekdayCplRatio) ? `${text(f.weekdayCplRatio)} vezes o` : 'infinito, sem nenhum lead, contra o'} de ${weekday(f.bestDay)}.`,
        action: {
          field: 'schedule',
          current: 'todos os dias',
          suggested: `menos verba em ${weekday(f.worstDay)}, mais em ${weekday(f.bestDay)}`,
          impact: 'O mesmo gasto com mais leads',
        },
      };
  }
}

/** The numbers that a rule fired on, in the names of the API. */
export function reasoningOf(
  names: readonly (keyof RecommendationFacts)[],
  facts: RecommendationFacts,
): Record<string, number | string | null> {
  return Object.fromEntries(
    names.map((name) => {
      const value = facts[name];
      const plain = typeof value === 'number' ? known(value) : String(value);
      return [REASON_NAMES[name] ?? name, plain];
    }),
  );
}

/** Names of facts on the wire: those of the features and inputs that they are. */
const REASON_NAMES: Partial<Record<keyof RecommendationFacts, string>> = {
  cplRatio: 'cpl_ratio',
  daysWithLeadsRatio: 'days_with_leads_ratio',
  daysWithLeads7d: 'days_with_leads_7d',
  cplTrend: 'cpl_trend',
  leadsTrend: 'leads_trend',
  ctrTrend: 'ctr_trend',
  cpl7d: 'cpl_7d',
  averageCpl: 'average_cpl',
  spend7d: 'spend_7d',
  leads7d: 'leads_7d',
  daysActive: 'days_active',
  daysInTier: 'days_in_tier',
  frequency7d: 'frequency_7d',
  reach7d: 'reach_7d',
  leads30d: 'leads_30d',
  cpl30d: 'cpl_30d',
  cplRatio30d: 'cpl_ratio_30d',
  bestDay: 'best_day_of_week',
  worstDay: 'worst_day_of_week',
  weekdayCplRatio: 'weekday_cpl_ratio',
  weekdayChance: 'weekday_chance',
  worstDayExpected: 'worst_day_expected_leads',
};
