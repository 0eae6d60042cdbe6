// Which pictures there are, each made from text that is in the repository beside it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagramSvg } from './diagram-svg.ts';
import { readDiagram } from './read-diagram.ts';
import { terminalSvg } from './terminal-svg.ts';

export const PICTURE_FOLDER = join(import.meta.dirname, '../../docs/pictures');

/** File name and content of each. */
export function drawnPictures(): readonly (readonly [name: string, content: string])[] {
  const text = (name: string): string => readFileSync(join(PICTURE_FOLDER, name), 'utf8');
  return [
    ['architecture.svg', diagramSvg('Architecture of the connector', readDiagram(text('architecture.txt')))],
    ['npm-start.svg', terminalSvg('npm start', text('npm-start.txt'))],
  ];
}
