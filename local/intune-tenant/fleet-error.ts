// Says why an operation on the fleet was refused; the control port turns it into its HTTP answer.

import { LocalError } from '../local-error.ts';

export type FleetErrorCode = 'invalid_property' | 'device_not_found' | 'device_ambiguous' | 'device_exists';

export class FleetError extends LocalError {
  readonly code: FleetErrorCode;

  constructor(code: FleetErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
