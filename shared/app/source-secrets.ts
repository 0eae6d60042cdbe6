// The secrets that definitions of sources name: values of application settings, read when a source is opened and at no
// other time, so that one that is missing is the trouble of its source alone.

import { SourceError } from '../errors.ts';
import type { Env } from '../settings/settings-reader.ts';
import type { Settings } from '../settings.ts';

/** Reads one. @throws SourceError NAC_SOURCE_SECRET naming the setting, never its value */
export type SecretOf = (setting: string) => string;

/** Whatever a definition says, no other setting's value leaves the app as an account or a credential. */
const MAY_BE_NAMED =
  /^(?:SOURCE_[A-Z0-9_]{1,120}|ENTRA_CLIENT_(?:SECRET|CERTIFICATE)[A-Z0-9_]*|MDM_USERNAME|MDM_PASSWORD)$/;

/** @param settings whose own MDM account is known already */
export function secretsOf(env: Env, { mdm }: Pick<Settings, 'mdm'>): SecretOf {
  const known: Env = { MDM_USERNAME: mdm?.username, MDM_PASSWORD: mdm?.password };
  return (setting) => {
    if (!MAY_BE_NAMED.test(setting)) {
      throw unusable('is no setting that a source may name', setting, 'Name a setting that begins with SOURCE_.');
    }
    const value = (env[setting] ?? known[setting])?.trim();
    if (!value) {
      throw unusable(
        'is not set',
        setting,
        'Set it: as a reference to Key Vault (docs/deploy.md, vaultSourceSettings), or correct its name in sources.yaml.',
      );
    }
    if (value.startsWith('@Microsoft.KeyVault(')) {
      throw unusable(
        'is a Key Vault reference that was not resolved',
        setting,
        'Put the secret into the vault, let the function app’s identity read it, and have the references read again (docs/deploy.md).',
      );
    }
    return value;
  };
}

function unusable(problem: string, setting: string, action: string): SourceError {
  return new SourceError('NAC_SOURCE_SECRET', `The setting ${setting.slice(0, 140)} ${problem}.`, {
    action,
    field: setting.slice(0, 140),
  });
}
