// Reads the text of a diagram: zones, boxes on a grid, arrows between boxes that lie side by side.

export interface Cell {
  readonly column: number;
  readonly row: number;
}

export interface Box extends Cell {
  readonly id: string;
  readonly name: string;
  readonly lines: readonly string[];
}

export interface Zone {
  readonly name: string;
  readonly first: Cell;
  readonly last: Cell;
}

export interface Arrow {
  readonly from: Box;
  readonly to: Box;
  readonly both: boolean;
  readonly label: readonly string[];
}

export interface Diagram {
  readonly zones: readonly Zone[];
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** @throws Error naming the line that cannot be read */
export function readDiagram(text: string): Diagram {
  const zones: Zone[] = [];
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, kind, rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    const [head = '', ...parts] = rest.split('|').map((part) => part.trim());
    if (kind === 'zone') zones.push({ name: head, first: readCell(parts[0], line), last: readCell(parts[1], line) });
    else if (kind === 'box') {
      const [cell, name = '', ...lines] = parts;
      boxes.set(head, { id: head, name, lines, ...readCell(cell, line) });
    } else if (kind === 'arrow') arrows.push(readArrow(boxes, head, parts, line));
    else throw new Error(`No zone, box or arrow: ${line}`);
  }
  return { zones, boxes: [...boxes.values()], arrows };
}

function readCell(text: string | undefined, line: string): Cell {
  const [, column, row] = /^(\d+),(\d+)$/.exec(text ?? '') ?? [];
  if (column === undefined || row === undefined) throw new Error(`No column and row: ${line}`);
  return { column: Number(column), row: Number(row) };
}

function readArrow(boxes: ReadonlyMap<string, Box>, head: string, label: readonly string[], line: string): Arrow {
  const [, first = '', sign, second = ''] = /^(\w+) (<?->) (\w+)$/.exec(head) ?? [];
  const [from, to] = [boxes.get(first), boxes.get(second)];
  if (from === undefined || to === undefined) throw new Error(`An arrow between boxes that are not there: ${line}`);
  if (Math.abs(from.column - to.column) + Math.abs(from.row - to.row) === 0) throw new Error(`No way: ${line}`);
  if (from.column !== to.column && from.row !== to.row) throw new Error(`Boxes that are not side by side: ${line}`);
  return { from, to, both: sign === '<->', label };
}
