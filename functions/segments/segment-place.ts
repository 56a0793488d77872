import { brazilianState } from './brazil-regions.ts';
import type { LeadColumns } from './lead-columns.ts';
import { INTERNATIONAL, type LeadNameTable, type PlaceRule } from './lead-name-rules.ts';
import type { Locale } from './localized-text.ts';
import { dominantValue, regionShares } from './segment-levels.ts';
import { isMostlyKnown, type Tally } from './segment-tally.ts';

/** The word in a name's place slot, and what it rests on. */
export interface SegmentPlace {
  readonly word: string;
  readonly by: PlaceRule['by'];
  readonly column: string;
  /** Of the customers whose value is known, 0..1. */
  readonly share: number;
  /** Share from which the rule holds. */
  readonly from: number;
}

/** Longest value of the data that becomes a part of a name. */
const MAX_WORD = 40;

/**
 * Where a segment is from, or how it came, by the first rule of the table that holds; undefined when none does. A column that
 * is known of fewer than half of the customers says nothing: the few need not be like the rest.
 */
export function segmentPlace(
  segment: Tally,
  whole: Tally,
  columns: LeadColumns,
  { place, homeCountry }: LeadNameTable,
  locale: Locale,
): SegmentPlace | undefined {
  const countries = (columns.country && segment.categories.get(columns.country)) || [];
  const known = countries.reduce((sum, [, count]) => sum + count, 0);
  const isHome = homeTest(dominantCountries(whole, columns), homeCountry);
  const abroad = countries.reduce((sum, [country, count]) => sum + (isHome(country) ? 0 : count), 0);
  for (const { by, share: from } of place) {
    const found = candidateOf(by);
    if (found !== undefined && found.share >= from && isMostlyKnown(segment, found.column))
      return { ...found, by, from };
  }
  return undefined;

  function candidateOf(by: PlaceRule['by']): Omit<SegmentPlace, 'by' | 'from'> | undefined {
    if (by === 'international') {
      if (columns.country === undefined || known === 0) return undefined;
      return { word: INTERNATIONAL[locale], column: columns.country, share: abroad / known };
    }
    if (by === 'region') {
      const [region] = regionShares(segment, columns);
      return region && { word: region[0], column: columns.state!, share: region[1] };
    }
    const column = by === 'state' ? columns.state : columns.source;
    const value = dominantValue(segment, column);
    if (value === undefined || column === undefined) return undefined;
    const word = by === 'state' ? (brazilianState(value.value)?.uf ?? value.value) : channelName(value.value);
    return { word: plainWord(word), column, share: value.share };
  }
}

/** Countries of a run, the most frequent first. */
function dominantCountries({ categories }: Tally, { country }: LeadColumns): string[] {
  return ((country && categories.get(country)) || []).map(([name]) => name);
}

/** Home is the table's country; in a run where nobody is from there, the most frequent one. */
function homeTest(
  countries: readonly string[],
  homeCountry: readonly string[],
): (country: string) => boolean {
  const published = new Set(homeCountry.map((name) => name.toLowerCase()));
  const isPublished = (country: string) => published.has(country.toLowerCase());
  return countries.some(isPublished) ? isPublished : (country) => country === countries[0];
}

const CHANNELS: ReadonlyMap<string, string> = new Map(
  ['TikTok', 'Facebook', 'Instagram', 'Google', 'YouTube', 'LinkedIn', 'WhatsApp', 'Bing', 'Kwai'].map(
    (name) => [name.toLowerCase(), name],
  ),
);

function channelName(source: string): string {
  return CHANNELS.get(source.trim().toLowerCase()) ?? source;
}

/** A value of the data as part of a name: one line, no control characters, not too long. */
export function plainWord(text: string): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return [...line].length > MAX_WORD ? `${[...line].slice(0, MAX_WORD - 1).join('')}…` : line;
}
