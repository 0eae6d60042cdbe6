// What Cisco's MDM API answers with.

import { COMPLIANCE_STATES, type ComplianceState } from '../domain/device/compliance-state.ts';
import type { SettingsReader } from './settings-reader.ts';

export interface MdmApiSettings {
  /** States that are answered as compliant. */
  readonly compliantStates: readonly ComplianceState[];
  /** Where people enrol a device. */
  readonly enrolmentUrl: string;
}

export function readMdmApiSettings(reader: SettingsReader): MdmApiSettings {
  const enrolmentUrl = reader.required('ISE_ENROLMENT_URL');
  if (enrolmentUrl !== '' && !isWebAddress(enrolmentUrl)) {
    reader.problem(
      'ISE_ENROLMENT_URL',
      'is not an http:// or https:// URL, as in https://portal.manage.microsoft.com/',
    );
  }
  const own = reader.text('ISE_COMPLIANT_STATES') === undefined ? 'COMPLIANT_STATES' : 'ISE_COMPLIANT_STATES';
  return { compliantStates: reader.severalOf(own, COMPLIANCE_STATES), enrolmentUrl };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
