import type { ColumnProfile } from './column-profile.ts';
import type { ColumnType } from './infer-column-type.ts';

/** What a column tells of a person. */
export type PersonalKind = 'email' | 'phone' | 'name' | 'address' | 'birth_date' | 'account';

const NAMES: readonly (readonly [RegExp, PersonalKind])[] = [
  [/e[-_ ]?mail/, 'email'],
  [/phone|mobile|^tel$|telefon|fax/, 'phone'],
  [/(first|last|full|sur|given|family|middle|nick|customer|client|contact|user)[-_ ]?name|^name$/, 'name'],
  [/street|address|strasse|(^|[-_ ])ip([-_ ]|$)/, 'address'],
  [/birth|(^|[-_ ])dob([-_ ]|$)/, 'birth_date'],
  [/iban|ssn|passport|tax[-_ ]?id|credit[-_ ]?card/, 'account'],
];

/** Share of the values that give a column away whatever it is called. */
const TELLING_SHARE = 0.2;

/** Whether a column looks personal, by its values (e-mail addresses, phone numbers) or by its name; null for no. */
export function personalKind(profile: ColumnProfile, type: ColumnType): PersonalKind | null {
  const n = profile.nRows - profile.nMissing;
  if (n === 0 || type === 'boolean') return null;
  if (profile.having('email') >= TELLING_SHARE * n) return 'email';
  const named = NAMES.find(([pattern]) => pattern.test(profile.name.toLowerCase()))?.[1] ?? null;
  // "Do Not Email" and "phone calls" are about a channel: yes, no and counts are nobody's address.
  const isText = type === 'text' || type === 'id' || type === 'category';
  if (named === 'email') return profile.having('email') > 0 ? 'email' : null;
  if (named === 'phone') return profile.having('phone') + profile.having('point') >= n / 2 ? 'phone' : null;
  if (named === 'birth_date') return type === 'date' || type === 'timestamp' ? named : null;
  if (named !== null) return isText || (named === 'account' && type === 'integer') ? named : null;
  const hasSigns = profile.having('phone') >= n / 2 && profile.having('point') < n / 2;
  return hasSigns ? 'phone' : null;
}
