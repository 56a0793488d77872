import type { NameTables } from '../contracts/name-tables.ts';
import type { LocalizedText } from './localized-text.ts';
import type { LevelAxis } from './segment-levels.ts';

/** A bound on a segment's level: 0..1, but days for `days`. */
export interface LevelBound {
  readonly axis: LevelAxis;
  readonly side: 'atLeast' | 'below';
  readonly cut: number;
}

/** A word of a name, given when all bounds hold. A bound on an axis that the dataset has no column for never holds. */
export interface LeadNameRule {
  readonly word: LocalizedText;
  readonly bounds: readonly LevelBound[];
}

/** Where a segment is from: the first that at least `share` of its customers have in common. */
export interface PlaceRule {
  /** `international`: outside `homeCountry`. */
  readonly by: 'state' | 'region' | 'international' | 'channel';
  readonly share: number;
}

/** Cut points of segment names. In each slot the first rule that holds gives the word. */
export interface LeadNameTable {
  readonly value: readonly LeadNameRule[];
  readonly behavior: readonly LeadNameRule[];
  readonly place: readonly PlaceRule[];
  /** Spellings of the home country. In a run where nobody is from there, its most frequent country is home. */
  readonly homeCountry: readonly string[];
  /** |Standardised difference| from which a feature is worth a word in the names of other datasets. */
  readonly distinctiveFrom: number;
}

const atLeast = (axis: LevelAxis, cut: number): LevelBound => ({ axis, side: 'atLeast', cut });
const below = (axis: LevelAxis, cut: number): LevelBound => ({ axis, side: 'below', cut });

/** The published cut points (sources S0-19 and X08 give examples only; these reproduce them). */
export const LEAD_NAME_TABLE: LeadNameTable = {
  value: [
    {
      word: { 'pt-BR': 'Lead Quente', en: 'Hot Lead', es: 'Lead Caliente' },
      bounds: [below('days', 2), below('value', 0.4)],
    },
    { word: { 'pt-BR': 'Alto Valor', en: 'High Value', es: 'Alto Valor' }, bounds: [atLeast('value', 0.75)] },
    {
      word: { 'pt-BR': 'Médio Valor', en: 'Medium Value', es: 'Valor Medio' },
      bounds: [atLeast('value', 0.4)],
    },
    { word: { 'pt-BR': 'Baixo Valor', en: 'Low Value', es: 'Bajo Valor' }, bounds: [below('value', 0.4)] },
  ],
  behavior: [
    {
      word: { 'pt-BR': 'Alta Intenção', en: 'High Intent', es: 'Alta Intención' },
      bounds: [atLeast('intention', 0.75), below('engagement', 0.75)],
    },
    {
      word: { 'pt-BR': 'Alto Engajamento', en: 'High Engagement', es: 'Alta Interacción' },
      bounds: [atLeast('engagement', 0.75)],
    },
    {
      word: { 'pt-BR': 'Médio Engajamento', en: 'Medium Engagement', es: 'Interacción Media' },
      bounds: [atLeast('engagement', 0.4)],
    },
    {
      word: { 'pt-BR': 'Baixo Engajamento', en: 'Low Engagement', es: 'Baja Interacción' },
      bounds: [below('engagement', 0.4)],
    },
  ],
  place: [
    { by: 'state', share: 0.5 },
    { by: 'region', share: 0.5 },
    { by: 'international', share: 0.5 },
    { by: 'channel', share: 0.5 },
  ],
  homeCountry: ['BR', 'Brasil', 'Brazil'],
  distinctiveFrom: 0.5,
};

/** The published table with what a dataset has put in its place. */
export function leadNameTable(own: NameTables['leads'] = {}): LeadNameTable {
  const {
    value = LEAD_NAME_TABLE.value,
    behavior = LEAD_NAME_TABLE.behavior,
    place = LEAD_NAME_TABLE.place,
    homeCountry = LEAD_NAME_TABLE.homeCountry,
    distinctiveFrom = LEAD_NAME_TABLE.distinctiveFrom,
  } = own;
  return { value, behavior, place, homeCountry, distinctiveFrom };
}

/** `International` in the place slot. */
export const INTERNATIONAL: LocalizedText = {
  'pt-BR': 'Internacional',
  en: 'International',
  es: 'Internacional',
};
