// What the documents list is what the code has.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES, RELAY_ERROR_CODES } from '../../../shared/errors.ts';
import { SETTINGS, type SettingDescription } from '../../../shared/settings/settings-table.ts';

function read(file: string): string {
  return readFileSync(join(import.meta.dirname, '../../..', file), 'utf8');
}

test('docs/errors.md lists every error code, in the order of the code, and none else', () => {
  const listed = [...read('docs/errors.md').matchAll(/^\| `(NAC_\w+)` \|/gm)].map(([, code]) => code);
  expect(listed).toEqual([...ERROR_CODES, ...RELAY_ERROR_CODES]);
});

test('docs/settings.md shows every setting with its default and meaning', () => {
  const table = [...read('docs/settings.md').matchAll(/^\| `(\w+)` \| (.*?) \| (.*) \|$/gm)].map(
    ([, name, fallback, meaning]) => ({
      name,
      fallback: fallback?.trim(),
      meaning,
    }),
  );
  const settings = Object.entries(SETTINGS).map(([name, setting]: [string, SettingDescription]) => ({
    name,
    fallback: setting.required ? 'required' : setting.default ? `\`${setting.default}\`` : '',
    meaning: setting.meaning,
  }));
  expect(table).toEqual(settings);
});

test('infra/modules/app-settings.bicep sets every setting that is not for local runs only', () => {
  const template = read('infra/modules/app-settings.bicep');
  const missing = Object.entries<SettingDescription>(SETTINGS)
    .filter(([name, { localOnly }]) => !localOnly && !new RegExp(`\\b${name}\\b`).test(template))
    .map(([name, { secret }]) =>
      secret ? `'${name}' in the union secretSetting` : `${name}: string? in plainSettings`,
    );
  expect(missing, 'Add these lines (docs/deploy.md, "A new setting")').toEqual([]);
});

test('docs/security.md says of every history how long personal data are kept by it', () => {
  const text = read('docs/security.md');
  const table = text.slice(text.indexOf('## Personal data')).split('\n## ')[0] ?? '';
  const said = [...table.matchAll(/`(\w+_HISTORY)` \((\d+) days\)/g)].map(([, name, days]) => [name, `${days}d`]);
  const kept = Object.entries<SettingDescription>(SETTINGS).filter(([name]) => name.endsWith('_HISTORY'));
  expect(said.toSorted()).toEqual(kept.map(([name, setting]) => [name, setting.default]).toSorted());
});

test('README.md stays short enough to be read', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(120);
});
