/** Numbers as people read them. */

/** An en dash where the number is undefined, a real minus sign in front of negative ones. */
export function figureText(value: number | null, decimals: number): string {
  return value === null
    ? '–'
    : value
        .toFixed(decimals)
        .replace(/^-(?=.*[1-9])/, '−')
        .replace(/^-/, '');
}

/** For text and attribute values of HTML and SVG. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
