// Draws the text of a terminal.

import { escaped, svg } from './svg-text.ts';

const FONT_SIZE = 13;
/** Longer lines go on in the next one, as in a terminal. */
const COLUMNS = 122;
/** Of a monospaced letter, a little more than most fonts have. */
const LETTER_WIDTH = 7.9;
const LINE_HEIGHT = 18;
const MARGIN = 18;
const BAR_HEIGHT = 30;

/** @param command what was typed; @param text what was shown, lines ending with \n */
export function terminalSvg(command: string, text: string): string {
  const lines = [`$ ${command}`, ...text.trimEnd().split('\n').flatMap(wrapped)];
  const longest = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(longest * LETTER_WIDTH) + 2 * MARGIN;
  const height = BAR_HEIGHT + lines.length * LINE_HEIGHT + 2 * MARGIN;
  const buttons = ['#e0635c', '#dfb13f', '#58b368'].map(
    (colour, i) => `<circle cx="${MARGIN + i * 18}" cy="${BAR_HEIGHT / 2}" r="5.5" fill="${colour}"/>`,
  );
  return svg(width, height, `What ${command} shows`, [
    `<rect width="${width}" height="${height}" rx="8" fill="#1b2129"/>`,
    `<path d="M0 ${BAR_HEIGHT} V8 a8 8 0 0 1 8 -8 H${width - 8} a8 8 0 0 1 8 8 V${BAR_HEIGHT} z" fill="#2a323d"/>`,
    ...buttons,
    `<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" fill="#d5dbe3" xml:space="preserve">`,
    ...lines.flatMap((line, i) => {
      const y = BAR_HEIGHT + MARGIN + FONT_SIZE + i * LINE_HEIGHT;
      const colour = i === 0 ? ' fill="#8fd19e"' : '';
      return line === '' ? [] : [`<text x="${MARGIN}" y="${y}"${colour}>${escaped(line)}</text>`];
    }),
    '</g>',
  ]);
}

function wrapped(line: string): string[] {
  const pieces = line.match(new RegExp(`.{1,${COLUMNS}}`, 'gu'));
  return pieces === null ? [''] : [...pieces];
}
