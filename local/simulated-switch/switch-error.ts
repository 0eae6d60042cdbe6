/** Why an operation of the control port cannot be done, and what to do instead. */

export class SwitchError extends Error {
  /** HTTP status of the refusal. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'SwitchError';
    this.status = status;
    this.code = code;
  }
}
