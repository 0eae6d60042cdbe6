// Settings of the MDM server that is asked beside Intune.

import { describe, expect, test } from 'vitest';
import { MDM_PRESETS } from '../../shared/adapters/cisco-mdm/presets/presets.ts';
import { MDM_PRESET_NAMES } from '../../shared/domain/mdm-preset-name.ts';
import { SettingsError } from '../../shared/errors.ts';
import { readMdmSettings } from '../../shared/settings/mdm-settings.ts';
import { type Env, SettingsReader } from '../../shared/settings/settings-reader.ts';

const MDM = {
  MDM_PRESET: 'meraki-systems-manager',
  MDM_ADDRESS: 'https://mdm.example/instance',
  MDM_USERNAME: 'connector',
  MDM_PASSWORD: 'päss: word',
};

function read(env: Env) {
  const reader = new SettingsReader(env);
  const settings = readMdmSettings(reader);
  reader.throwIfProblems();
  return settings;
}

function problemsOf(change: Env): readonly string[] {
  try {
    read({ ...MDM, ...change });
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown.problems;
    throw thrown;
  }
  return [];
}

test('without a preset there is no MDM server', () => {
  expect(read({})).toBeUndefined();
});

test('are read, with the interval that ISE may have at least', () => {
  expect(read(MDM)).toEqual({
    preset: 'meraki-systems-manager',
    address: MDM.MDM_ADDRESS,
    username: 'connector',
    password: 'päss: word',
    name: undefined,
    pollingIntervalMs: 900_000,
    listsAll: false,
  });
  expect(read({ ...MDM, MDM_SOURCE: 'meraki-emea', MDM_LISTS_ALL: 'on', MDM_POLLING_INTERVAL: '4h' })).toMatchObject({
    name: 'meraki-emea',
    listsAll: true,
    pollingIntervalMs: 14_400_000,
  });
});

test('each preset can be named, and each name has a preset', () => {
  expect(MDM_PRESETS.map(({ name }) => name)).toEqual(MDM_PRESET_NAMES);
  for (const preset of MDM_PRESET_NAMES) expect(read({ ...MDM, MDM_PRESET: preset })?.preset).toBe(preset);
});

describe('a wrong one is named', () => {
  test.each([
    ['MDM_PRESET', 'jamf'],
    ['MDM_ADDRESS', undefined],
    ['MDM_ADDRESS', 'http://mdm.example'],
    ['MDM_ADDRESS', 'https://u:p@mdm.example'],
    ['MDM_ADDRESS', 'https://mdm.example?x=1'],
    ['MDM_USERNAME', undefined],
    ['MDM_USERNAME', 'a:b'],
    ['MDM_PASSWORD', undefined],
    ['MDM_PASSWORD', 'a\u0007b'],
    ['MDM_SOURCE', 'intune'],
    ['MDM_SOURCE', 'Meraki'],
    ['MDM_SOURCE', 'a|b'],
    ['MDM_POLLING_INTERVAL', '1s'],
    ['MDM_LISTS_ALL', 'perhaps'],
  ])('%s=%s', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
  });

  test('all at once', () => {
    expect(problemsOf({ MDM_ADDRESS: 'x', MDM_SOURCE: '-' })).toHaveLength(2);
  });

  test('an account without a preset: it was meant to count', () => {
    expect(problemsOf({ MDM_PRESET: undefined })).toEqual([expect.stringContaining('MDM_PRESET')]);
  });
});
