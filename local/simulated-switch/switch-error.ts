// Why an operation of the control port cannot be done, and what to do instead.

import { LocalError } from '../local-error.ts';

export class SwitchError extends LocalError {
  /** HTTP status of the refusal. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
