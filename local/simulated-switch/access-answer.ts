// Reads the lookup's answer in its one-line form, and nothing that merely resembles it.

export interface Permit {
  readonly role: string;
  readonly vlan: string;
  readonly sessionTimeoutSeconds: number;
  /** RADIUS Class: names the decision, and comes back in accounting. */
  readonly class: string;
}

export type AccessAnswer = { readonly verdict: 'permit'; readonly permit: Permit } | { readonly verdict: 'deny' };

const PERMIT_LINE =
  /^permit role=([A-Za-z0-9_.-]{1,64}) vlan=([A-Za-z0-9_.-]{1,64}) timeout=([0-9]{1,7}) class=([A-Za-z0-9_.-]{1,128})$/;

/** `undefined` unless the text is one of the two known lines from its first to its last character. */
export function readAccessAnswer(text: string): AccessAnswer | undefined {
  if (text === 'deny') return { verdict: 'deny' };
  const found = PERMIT_LINE.exec(text);
  if (found === null) return undefined;
  const [, role = '', vlan = '', timeout = '', reference = ''] = found;
  return { verdict: 'permit', permit: { role, vlan, sessionTimeoutSeconds: Number(timeout), class: reference } };
}
