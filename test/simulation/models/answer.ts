// What a NAS was answered about a station.

export interface Answer {
  /** `permit <role> <vlan>`, or `deny`. */
  readonly outcome: string;
  /** Id of the decision, which the NAS gets as Class of a permit. */
  readonly class?: string;
  /** Session-Timeout of a permit. */
  readonly seconds: number;
  readonly given: 'connector' | 'fail-mode';
  readonly standing?: string;
  /** Device that it rests on, and when that was known to be so. */
  readonly device?: string;
  readonly asOf?: string;
  /** Intune itself said so, while the RADIUS server waited; it does not tell a grace period from compliance. */
  readonly live?: boolean;
}

/**
 * What a station proves itself with:
 * - `mab`: nothing but its address
 * - `machine`: the certificate of its device
 * - `user`: a certificate of its user, which names the same device or none
 */
export type Credential = 'mab' | 'machine' | 'user';
