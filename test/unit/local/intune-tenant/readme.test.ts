// The tables of the simulated tenant's README name everything that its control port offers, and nothing else.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONTROL_OPERATIONS } from '../../../../local/intune-tenant/control-operations.ts';
import { ANSWER_DAMAGES } from '../../../../local/intune-tenant/http-exchange.ts';
import { READY_ANSWERS } from '../../../../local/intune-tenant/ready-answers.ts';
import { SCRIPT_PROPERTIES, SCRIPT_TARGETS } from '../../../../local/intune-tenant/script.ts';
import { USUAL_BEHAVIOUR } from '../../../../local/intune-tenant/tenant-behaviour.ts';

const readme = readFileSync(new URL('../../../../local/intune-tenant/README.md', import.meta.url), 'utf8');

function section(title: string): string {
  const found = readme.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) {
    throw new Error(`the README has no section '${title}'`);
  }
  return found;
}

/** The cells of the tables in a section, without the heading and the line below it. */
function rows(title: string): string[][] {
  const lines = section(title).split('\n');
  return lines
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function code(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

test('every operation of the control port', () => {
  expect(rows('Control port').map(([operation]) => code(operation)[0])).toEqual(Object.keys(CONTROL_OPERATIONS));
});

test('every switch with its usual value', () => {
  const documented = rows('Switches').map(([name, value]) => [code(name)[0], code(value).join()]);
  expect(documented).toEqual(Object.entries(USUAL_BEHAVIOUR).map(([name, value]) => [name, String(value)]));
});

test('every property, target, ready answer and damage of scripts', () => {
  const text = section('Scripts');
  const properties = rows('Scripts').flatMap(([name]) => code(name));
  expect(properties.sort()).toEqual(SCRIPT_PROPERTIES.filter((name) => name !== 'target').sort());
  expect(code(text)).toEqual(expect.arrayContaining([...SCRIPT_TARGETS, ...READY_ANSWERS, ...ANSWER_DAMAGES]));
});
