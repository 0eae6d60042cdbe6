// How the station was authenticated, in the words of a policy.

import type { AuthenticationMethod } from './access-request.ts';

/** `pap` stands for every password without EAP: PAP, CHAP, MS-CHAP. */
export const METHOD_WORDS = ['mab', 'eap-tls', 'eap-ttls', 'peap', 'pap', 'vpn'] as const;
export type MethodWord = (typeof METHOD_WORDS)[number];

/** Types of EAP by name and number (IANA, EAP Method Types). */
const PEAP = /^(?:(?:eap-)?peap|25)$/i;
const TTLS = /^(?:(?:eap-)?ttls|21)$/i;

/** LEAP, SIM, AKA, FAST, PWD, AKA', TEAP: neither of the two tunnels, nor what runs in one. */
const NEITHER = /^(?:(?:eap-)?(?:cisco-leap|leap|sim|aka|aka-prime|aka'|fast|pwd|teap)|17|18|23|43|50|52|55)$/i;

/**
 * All that hold: a certificate on a VPN is `eap-tls` and `vpn`. Where the server names only the method inside of a
 * tunnel, or another one, both tunnels may be meant.
 */
export function methodWords(
  { method, eapType = '', certificate }: MethodSource,
  medium: 'wired' | 'wireless' | 'vpn' | undefined,
): readonly MethodWord[] {
  const words: MethodWord[] = medium === 'vpn' ? ['vpn'] : [];
  if (method === 'none') return [];
  if (method === 'mab' && !certificate) return ['mab'];
  if (method === 'eap-tls' || certificate) return ['eap-tls', ...words];
  if (PEAP.test(eapType)) return ['peap', ...words];
  if (TTLS.test(eapType)) return ['eap-ttls', ...words];
  if (NEITHER.test(eapType)) return words;
  if (eapType !== '') return ['eap-ttls', 'peap', ...words];
  return medium === 'vpn' ? words : ['pap'];
}

export interface MethodSource {
  readonly method?: AuthenticationMethod;
  readonly eapType?: string;
  readonly certificate?: unknown;
}
