// What is left of Intune's abilities with the permissions that the app registration was given.

import type { MdmSource } from '../../ports/mdm-source.ts';

/** What the app registration was given, as the settings say. */
export interface IntunePermits {
  /** With the least permission Graph is not asked about devices. */
  readonly intunePermissions: 'full' | 'compliance-only';
  /** Entra's device changes. */
  readonly entraDeviceDelta: boolean;
}

/** Without the abilities for which there is no permission. */
export function permitted<T extends MdmSource>(source: T, { intunePermissions, entraDeviceDelta }: IntunePermits): T {
  if (intunePermissions === 'full') return { ...source, ...(!entraDeviceDelta && { hints: undefined }) };
  return { ...source, list: undefined, checkIns: undefined, devices: undefined, hardware: undefined, hints: undefined };
}
