// The root of the errors of local programs. The simulated peers stand beside the connector and share no code with it,
// so this root is their own, equal in form to the one in shared/errors.ts.

/** Its name is that of its class; `message` says what happened, and what to do where a person reads it. */
export class LocalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A program cannot start. The message is an instruction to the person who started it, and needs no stack. */
export class StartError extends LocalError {}
