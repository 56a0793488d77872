import type { DistinctiveFeature } from './distinctive-features.ts';
import { fillText, type Locale, type LocalizedText } from './localized-text.ts';
import { plainWord } from './segment-place.ts';

/** A segment that nothing sets apart. */
export const TYPICAL: LocalizedText = {
  en: 'Typical Customers',
  'pt-BR': 'Perfil Médio',
  es: 'Perfil Medio',
};

const HIGH: LocalizedText = {
  en: 'high {column}',
  'pt-BR': '{column} acima da média',
  es: '{column} por encima de la media',
};
const LOW: LocalizedText = {
  en: 'low {column}',
  'pt-BR': '{column} abaixo da média',
  es: '{column} por debajo de la media',
};
const MORE: LocalizedText = {
  en: 'more {column} {value}',
  'pt-BR': 'mais {column} {value}',
  es: 'más {column} {value}',
};
const LESS: LocalizedText = {
  en: 'less {column} {value}',
  'pt-BR': 'menos {column} {value}',
  es: 'menos {column} {value}',
};

/**
 * The features of a segment in words, the furthest first: `high age`, `more job student`.
 * @param from least |standardised difference| that is worth a word
 */
export function distinctiveWords(
  features: readonly DistinctiveFeature[],
  locale: Locale,
  from: number,
): string[] {
  return features
    .filter(
      ({ standardisedDifference }) =>
        Math.abs(standardisedDifference) >= from && standardisedDifference !== 0,
    )
    .map(({ column, value, standardisedDifference }) => {
      const isMore = standardisedDifference > 0;
      if (value === undefined) return fillText(isMore ? HIGH : LOW, locale, { column: plainWord(column) });
      return fillText(isMore ? MORE : LESS, locale, { column: plainWord(column), value: plainWord(value) });
    });
}
