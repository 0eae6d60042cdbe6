// What a station gets on the network where no policy of the operator's own says so.

import { isRoleOrVlan } from '../domain/policy/policy.ts';
import type { SettingsReader } from './settings-reader.ts';
import type { SettingName } from './settings-table.ts';

export interface RoleSetting {
  readonly name: string;
  readonly vlan: string;
  readonly sessionTimeoutSeconds: number;
}

export function readRoleSetting(
  reader: SettingsReader,
  prefix: 'COMPLIANT' | 'QUARANTINE' | 'WEAK_IDENTITY',
): RoleSetting {
  return {
    name: roleOrVlan(reader, `${prefix}_ROLE`),
    vlan: roleOrVlan(reader, `${prefix}_VLAN`),
    sessionTimeoutSeconds: Math.round(
      reader.duration(`${prefix}_SESSION_TIMEOUT`, { from: '1m', to: '7d', unit: 's' }) / 1000,
    ),
  };
}

function roleOrVlan(reader: SettingsReader, name: SettingName): string {
  const value = reader.required(name);
  if (!isRoleOrVlan(value)) {
    reader.problem(name, 'may hold up to 64 letters, digits, dots, hyphens and underscores, nothing else');
  }
  return value;
}
