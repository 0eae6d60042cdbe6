// DNS and TLS of one host: its addresses, and every certificate it presents.

import type { Check, Outcome } from '../../ports/check.ts';
import { type PresentedCertificate, probeTls, type TlsProbeOptions, type TlsView } from './tls-probe.ts';
import { unreachable } from './unreachable.ts';

export interface HostCheckOptions extends TlsProbeOptions {
  readonly name: string;
  readonly needs?: readonly string[];
  /** Of the service, for the title: `Microsoft Graph`. */
  readonly service: string;
  /** Asked when the check runs: some hosts are found by a check before. */
  readonly url: () => string;
}

export function hostCheck({ name, needs, service, url, ...options }: HostCheckOptions): Check {
  return {
    name,
    title: `DNS and TLS of ${service}`,
    ...(needs && { needs }),
    async run() {
      const address = new URL(url());
      let view: TlsView;
      try {
        view = await probeTls(address, options);
      } catch (thrown) {
        throw unreachable(address.href, thrown, options.proxy?.url);
      }
      return { ...judge(address.host, view, options), details: view.chain.flatMap(certificateLines) };
    },
  };
}

function judge(host: string, view: TlsView, { extraCa }: TlsProbeOptions): Outcome {
  const top = view.chain.at(-1);
  const where = view.addresses === undefined ? `${host} through the proxy` : `${host} at ${view.addresses.join(', ')}`;
  if (view.untrusted !== undefined) return explainUntrusted(view.untrusted, host, top);
  if (view.privateAuthority) {
    return {
      status: 'ok',
      saw: `${where}, ${view.protocol}. Trusted because of EXTRA_CA_FILE: ${top?.subject} is a private certificate authority, such as that of a proxy that opens TLS.`,
    };
  }
  const unused = extraCa === undefined ? '' : ' EXTRA_CA_FILE was not needed for it.';
  return { status: 'ok', saw: `${where}, ${view.protocol}, trusted.${unused}` };
}

function explainUntrusted(reason: string, host: string, top: PresentedCertificate | undefined): Outcome {
  const saw = `${host} presents a certificate that is not trusted: ${reason}.`;
  const code = 'NAC_SOURCE_UNTRUSTED';
  if (/EXPIRED|NOT_YET_VALID/.test(reason)) {
    return {
      status: 'failed',
      code,
      saw,
      means: 'The certificate is not valid now: it is old, or the clock of this machine is wrong.',
      action: 'Compare the dates below with the clock. If they are past, inform the operator of the host or the proxy.',
    };
  }
  if (/ALTNAME/.test(reason)) {
    return {
      status: 'failed',
      code,
      saw,
      means:
        'Another machine answers under this name: a captive portal, a wrong DNS answer, a wrong address in a setting.',
      action: `Check what ${host} resolves to, and the setting that names it.`,
    };
  }
  return {
    status: 'failed',
    code,
    saw,
    means: `Trust store: no issuer that this machine trusts vouches for it (Java programs call it “PKIX path building failed”). It was issued by ${top?.issuer || 'no issuer'}: if that is your own authority, a proxy opens TLS on the way.`,
    action:
      'Put the certificate of that authority, as PEM, into the file that EXTRA_CA_FILE names, after making sure that it is yours.',
  };
}

function certificateLines(
  { subject, issuer, validFrom, validTo, sha256 }: PresentedCertificate,
  index: number,
): string[] {
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  return [
    `${index + 1}  ${subject}`,
    `   issued by ${subject === issuer ? 'itself' : issuer}, ${day(validFrom)} to ${day(validTo)}`,
    `   SHA-256 ${sha256}`,
  ];
}
