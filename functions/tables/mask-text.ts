/** A text of which only the shape is left: letters become `a` or `A`, digits `9`; signs and blanks stay. */
export function maskText(text: string): string {
  return text
    .replace(/\p{Lu}/gu, 'A')
    .replace(/\p{L}/gu, 'a')
    .replace(/\p{N}/gu, '9');
}
