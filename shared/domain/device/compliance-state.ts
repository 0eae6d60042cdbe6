// Intune's seven compliance states, by the names Microsoft Graph v1.0 gives them (complianceState of managedDevice).

export const COMPLIANCE_STATES = [
  'unknown',
  'compliant',
  'noncompliant',
  'conflict',
  'error',
  /** Not compliant, but Intune still lets the device use company resources until the grace period ends. */
  'inGracePeriod',
  /** Managed by Configuration Manager, which keeps the verdict to itself. */
  'configManager',
] as const;

export type ComplianceState = (typeof COMPLIANCE_STATES)[number];

/** The states that count as compliant. */
export type CompliantStates = ReadonlySet<ComplianceState>;

const BY_LOWER_CASE = new Map(COMPLIANCE_STATES.map((state) => [state.toLowerCase(), state]));

/** The state Graph names, in any letter case; a name this product does not know counts as `unknown`. */
export function parseComplianceState(text: string): ComplianceState {
  return BY_LOWER_CASE.get(text.trim().toLowerCase()) ?? 'unknown';
}
