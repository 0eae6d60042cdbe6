// What is wrong with a certificate that settings name.

import { ConnectorError } from '../../errors.ts';

/** @param problem follows the name of the setting in the message */
export function certificateError(setting: string, problem: string, action: string, cause?: unknown): ConnectorError {
  return new ConnectorError('NAC_ENTRA_CERTIFICATE', `${setting} ${problem}`, { action, field: setting, cause });
}
