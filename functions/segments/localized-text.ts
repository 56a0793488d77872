import type { LOCALES } from '../contracts/dataset.ts';

/** A language that texts about segments are written in. */
export type Locale = (typeof LOCALES)[number];

/** One text in every language; `{name}` stands for a value. */
export type LocalizedText = Readonly<Record<Locale, string>>;

/** A text with its values put in. Values are data and are inserted once: braces in them stay as they are. */
export function fillText(
  text: LocalizedText,
  locale: Locale,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return text[locale].replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = values[name];
    if (value === undefined) return hole;
    return typeof value === 'number' ? formatNumber(value, locale) : value;
  });
}

/** At most three significant decimals after the point, with the language's decimal mark and no grouping. */
export function formatNumber(value: number, locale: Locale): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 2 : 3;
  const rounded = String(Number(value.toFixed(digits)));
  return locale === 'en' ? rounded : rounded.replace('.', ',');
}
