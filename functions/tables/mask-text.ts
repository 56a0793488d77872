/** A text of which only the shape is left: letters become `a` or `A`, digits `9`; signs and blanks stay. */
export function maskText(text: string): string {
  return text.replace(/\p{L}|\p{N}/gu, (sign) =>
    /\p{N}/u.test(sign) ? '9' : /\p{Lu}/u.test(sign) ? 'A' : 'a',
  );
}
