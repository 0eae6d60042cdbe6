/** Says why an operation on the fleet was refused; the control port turns it into its HTTP answer. */

export type FleetErrorCode = 'invalid_property' | 'device_not_found' | 'device_ambiguous' | 'device_exists';

export class FleetError extends Error {
  readonly code: FleetErrorCode;

  constructor(code: FleetErrorCode, message: string) {
    super(message);
    this.name = 'FleetError';
    this.code = code;
  }
}
