// The README of the simulated MDM server lists its switches and the operations of its control port.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CONTROL_OPERATIONS } from '../../../local/mdm-server/control-port.ts';
import { USUAL_BEHAVIOUR } from '../../../local/mdm-server/server-behaviour.ts';

const README = readFileSync(join(import.meta.dirname, '../../../local/mdm-server/README.md'), 'utf8');

/** First and second column of the table below a heading. */
function rows(heading: string): [string, string][] {
  const section = README.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \| `?([^|`]*?)`? ?\|/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
}

test('switches with their usual values', () => {
  expect(Object.fromEntries(rows('Switches'))).toEqual(
    Object.fromEntries(Object.entries(USUAL_BEHAVIOUR).map(([name, value]) => [name, String(value)])),
  );
});

test('operations of the control port', () => {
  expect(rows('Control port').map(([name]) => name)).toEqual(Object.keys(CONTROL_OPERATIONS));
});
