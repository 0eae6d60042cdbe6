// A request to the control port that is refused, with its HTTP status and words for the person who sent it.

import { LocalError } from '../local-error.ts';

export class ControlError extends LocalError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
