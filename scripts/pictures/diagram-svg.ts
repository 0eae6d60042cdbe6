// Draws a diagram: boxes on a grid, zones around them, straight arrows with a label beside them.

import type { Arrow, Box, Cell, Diagram, Zone } from './read-diagram.ts';
import { escaped, svg } from './svg-text.ts';

const BOX = { width: 200, height: 74 };
const GAP = { x: 110, y: 76 };
const MARGIN = 44;
const ZONE_PADDING = 26;
const LINE_HEIGHT = 16;

export function diagramSvg(description: string, { zones, boxes, arrows }: Diagram): string {
  const columns = Math.max(...boxes.map(({ column }) => column)) + 1;
  const rows = Math.max(...boxes.map(({ row }) => row)) + 1;
  const width = 2 * MARGIN + columns * BOX.width + (columns - 1) * GAP.x;
  const height = 2 * MARGIN + rows * BOX.height + (rows - 1) * GAP.y;
  return svg(width, height, description, [
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" fill="#44546a"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<g font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12" fill="#2b3645">`,
    ...zones.map(zone),
    ...arrows.map(arrow),
    ...boxes.map(box),
    '</g>',
  ]);
}

function corner({ column, row }: Cell): { x: number; y: number } {
  return { x: MARGIN + column * (BOX.width + GAP.x), y: MARGIN + row * (BOX.height + GAP.y) };
}

function zone({ name, first, last }: Zone): string {
  const [from, to] = [corner(first), corner(last)];
  const x = from.x - ZONE_PADDING;
  const y = from.y - ZONE_PADDING;
  const width = to.x - from.x + BOX.width + 2 * ZONE_PADDING;
  const height = to.y - from.y + BOX.height + 2 * ZONE_PADDING;
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="#f3f6fa" stroke="#c3cfdd" stroke-dasharray="5 4"/>` +
    `<text x="${x + 12}" y="${y + 17}" font-weight="600" fill="#6a7a8e">${escaped(name)}</text>`
  );
}

function box(which: Box): string {
  const { x, y } = corner(which);
  const lines = [...wrapped(which.name), ...which.lines];
  const names = wrapped(which.name).length;
  const top = y + BOX.height / 2 - ((lines.length - 1) * LINE_HEIGHT) / 2 + 4;
  const texts = lines.map((line, i) => {
    const style = i < names ? ' font-size="14" font-weight="600"' : '';
    return `<text x="${x + BOX.width / 2}" y="${top + i * LINE_HEIGHT}" text-anchor="middle"${style}>${escaped(line)}</text>`;
  });
  return `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="7" fill="#ffffff" stroke="#3d6ea8" stroke-width="1.5"/>${texts.join('')}`;
}

/** In two lines where one would be too long. */
function wrapped(name: string): string[] {
  const middle = name.lastIndexOf(' ', Math.ceil(name.length * 0.65));
  return name.length <= 24 || middle === -1 ? [name] : [name.slice(0, middle), name.slice(middle + 1)];
}

function arrow({ from, to, both, label }: Arrow): string {
  const [a, b] = [corner(from), corner(to)];
  const isLevel = from.row === to.row;
  const middle = { x: BOX.width / 2, y: BOX.height / 2 };
  const start = isLevel
    ? { x: a.x < b.x ? a.x + BOX.width : a.x, y: a.y + middle.y }
    : { x: a.x + middle.x, y: a.y < b.y ? a.y + BOX.height : a.y };
  const end = isLevel
    ? { x: a.x < b.x ? b.x : b.x + BOX.width, y: b.y + middle.y }
    : { x: b.x + middle.x, y: a.y < b.y ? b.y : b.y + BOX.height };
  const heads = `marker-end="url(#head)"${both ? ' marker-start="url(#head)"' : ''}`;
  const at = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
  const texts = label.map((line, i) =>
    isLevel
      ? `<text x="${at.x}" y="${at.y - 8 - (label.length - 1 - i) * 14}" text-anchor="middle">${escaped(line)}</text>`
      : `<text x="${at.x + 9}" y="${labelTop(at.y, label.length) + i * 14}">${escaped(line)}</text>`,
  );
  return `<line x1="${start.x}" y1="${start.y}" x2="${end.x}" y2="${end.y}" stroke="#44546a" stroke-width="1.5" ${heads}/>${texts.join('')}`;
}

function labelTop(middle: number, lines: number): number {
  return middle + 4 - ((lines - 1) * 14) / 2;
}
