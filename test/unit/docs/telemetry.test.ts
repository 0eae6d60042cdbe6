// docs/telemetry.md lists the instruments, labels and spans of the code.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NAS_PROFILES } from '../../../relay/profiles/nas-profiles.ts';
import { NAS_PROFILE_NAMES } from '../../../shared/domain/nas-profile-name.ts';
import {
  INSTRUMENTS,
  type InstrumentDescription,
  LABELS,
  type LabelDescription,
} from '../../../shared/ports/instruments.ts';
import { SPANS } from '../../../shared/ports/telemetry.ts';

const document = readFileSync(join(import.meta.dirname, '../../../docs/telemetry.md'), 'utf8');
const code = (name: string): string => `\`${name}\``;

function rowsUnder(heading: string): string[] {
  const [, section = ''] = document.split(`\n## ${heading}\n`);
  return (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
}

test('every instrument, with its kind, unit, labels and meaning', () => {
  expect(rowsUnder('Instruments')).toEqual(
    Object.entries<InstrumentDescription>(INSTRUMENTS).map(
      ([name, { kind, unit, labels, meaning }]) =>
        `| ${code(name)} | ${kind} | ${code(unit)} | ${labels.map(code).join(', ')} | ${meaning} |`,
    ),
  );
});

test('every label, with what it may say', () => {
  expect(rowsUnder('Labels')).toEqual(
    Object.entries<LabelDescription>(LABELS).map(([name, { values, meaning }]) => {
      const listed = name === 'error.type' ? 'codes of errors.md' : values?.map(code).join(', ');
      return `| ${code(name)} | ${listed ?? 'names in your configuration'} | ${meaning} |`;
    }),
  );
});

test('every span', () => {
  expect(rowsUnder('Traces')).toEqual(Object.entries(SPANS).map(([name, meaning]) => `| ${code(name)} | ${meaning} |`));
});

test('the profiles that a report may name are those that a relay has', () => {
  expect([...NAS_PROFILE_NAMES].toSorted()).toEqual([...NAS_PROFILES.keys()].toSorted());
});

test('whatever is counted for the lines `metric` is a quiet failure with a label, and each label is counted somewhere', () => {
  const root = join(import.meta.dirname, '../../..');
  const paths = globSync('{shared,functions}/**/*.ts', { cwd: root }).filter(
    (path) => !path.endsWith('ports/instruments.ts'),
  );
  const sources = paths.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
  const labels: readonly string[] = LABELS['nac.quiet_failure'].values;
  const counted = [...sources.matchAll(/\bmetrics\.count\('([^']+)'/g)].map(([, name = '']) => name);
  expect(counted.length).toBeGreaterThan(3);
  expect(counted.filter((name) => !labels.includes(name))).toEqual([]);
  expect(labels.filter((label) => !sources.includes(`'${label}'`))).toEqual([]);
});
