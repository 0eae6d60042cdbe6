// Who brought a version: a person, or a program such as a pipeline, which would bring its own again.

/** As the API shows a person that had signed in, by name and object id; and at the command line, by the user's name. */
const PERSON = /\([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\)$|@/i;

/** @param by of an activation or a version */
export function isProgram(by: string): boolean {
  return !PERSON.test(by);
}

/** `Ada Admin (0f8f…)` as people read it: without the object id. */
export function shownWho(by: string): string {
  return by.replace(/ \([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\)$/i, '');
}
