/**
 * A cell of text. A spreadsheet takes text that begins with = + - @ (or a tab or carriage return before them) for a
 * formula and runs it; an apostrophe in front makes it text (OWASP, "CSV injection").
 */
export function csvText(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
