// Why an override that is about the station does not count.

export type OverrideProblem =
  /** The question names what the override lets on, and does not prove it. */
  | 'override-not-proven'
  /** The policy in force has no such role. */
  | 'override-role-unknown'
  /** A certificate is blocked at this site, and this one came without a serial number. */
  | 'override-serial-unread'
  /** A user is blocked at this site, and the name of this one was cut. */
  | 'override-user-unread';
