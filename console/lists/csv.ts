// CSV that spreadsheets open as it was meant: RFC 4180 with a byte order mark, and no cell that begins a formula.

/** Without it Excel reads UTF-8 as the code page of the computer. */
const BYTE_ORDER_MARK = '\uFEFF';
const LINE_END = '\r\n';

/** OWASP, CSV injection: what a spreadsheet takes for a formula, its full-width and small forms. */
const SIGN = String.raw`[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\uFE66\uFE62\uFE63\uFE6B\u2212]`;
/** What hides it: blanks, and what has no shape. */
const HIDING = String.raw`[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*`;
const BEGINS_FORMULA = new RegExp(String.raw`^${HIDING}${SIGN}|^[\t\r\n]`, 'u');
/** In many languages a semicolon parts the cells of a CSV, so a formula may begin behind one, quoted or not. */
const FORMULA_BEHIND_SEPARATOR = new RegExp(String.raw`(?<separator>[;\t\r\n])(?=${HIDING}${SIGN})`, 'gu');

/**
 * Every cell is quoted. A cell that a spreadsheet would take for a formula gets an apostrophe in front: quoting alone
 * does not help.
 */
export function csvText(header: readonly string[], rows: Iterable<readonly string[]>): string {
  const lines = [line(header)];
  for (const row of rows) lines.push(line(row));
  return BYTE_ORDER_MARK + lines.join('');
}

export function csvCell(text: string): string {
  const inside = text.toWellFormed().replace(FORMULA_BEHIND_SEPARATOR, "$<separator>'");
  const safe = BEGINS_FORMULA.test(inside) ? `'${inside}` : inside;
  return `"${safe.replaceAll('"', '""')}"`;
}

function line(cells: readonly string[]): string {
  return cells.map(csvCell).join(',') + LINE_END;
}
