// How the host says that the process that ran the functions is lost, and a new one must take its place: on Azure the
// host goes on and replaces its worker; here both are one process, and the one who started it starts another at the
// same port.

/** Exit code of such a process; sysexits.h calls it an internal software error. */
export const LOST_WORKER = 70;

/** What other invocations have to come to their end after one has run for too long. */
export const REPLACE_GRACE_MS = 10_000;

/** More losses than that in a minute are given up, as an app that cannot run. */
export const MOST_REPLACED_IN_A_MINUTE = 5;
