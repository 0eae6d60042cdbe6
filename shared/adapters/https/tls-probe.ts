// Looks at a host as a TLS client would: its addresses, and the certificates it presents. Nothing is sent to it.

import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { Agent, request } from 'node:https';
import { type DetailedPeerCertificate, getCACertificates, type TLSSocket } from 'node:tls';

export interface TlsProbeOptions {
  readonly timeoutMs: number;
  /** PEM of authorities trusted in addition to the usual ones. */
  readonly extraCa?: string | undefined;
  readonly proxy?: { readonly url: string; readonly bypass: string } | undefined;
}

export interface PresentedCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Upper-case hexadecimal digits. */
  readonly sha256: string;
}

export interface TlsView {
  /** Absent where a proxy resolves the name. */
  readonly addresses?: readonly string[];
  readonly protocol: string;
  /** As presented and completed from the trust store, the host's own first. */
  readonly chain: readonly PresentedCertificate[];
  /** Why it is not trusted, as OpenSSL names it; absent when it is. */
  readonly untrusted?: string;
  /** It is trusted only because of the extra authorities. */
  readonly privateAuthority: boolean;
}

const LONGEST_CHAIN = 8;

/** @throws what DNS, the connection or the proxy said */
export async function probeTls(url: URL, options: TlsProbeOptions): Promise<TlsView> {
  const addresses =
    options.proxy === undefined ? (await lookup(url.hostname, { all: true })).map(({ address }) => address) : undefined;
  const seen = await connectTo(url, options);
  const extra = fingerprintsOf(options.extraCa);
  return {
    ...(addresses && { addresses }),
    ...seen,
    privateAuthority: seen.untrusted === undefined && seen.chain.some(({ sha256 }) => extra.has(sha256)),
  };
}

function connectTo(
  url: URL,
  { timeoutMs, extraCa, proxy }: TlsProbeOptions,
): Promise<Omit<TlsView, 'privateAuthority'>> {
  const agent = new Agent({
    keepAlive: false,
    ...(proxy && { proxyEnv: { HTTPS_PROXY: proxy.url, NO_PROXY: proxy.bypass } }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Omit<TlsView, 'privateAuthority'>>();
  const probe = request(url, {
    agent,
    ca: [...getCACertificates('default'), ...(extraCa === undefined ? [] : [extraCa])],
    // To see a certificate that is not trusted one must take the connection. It is closed before anything is sent.
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(timeoutMs),
  });
  probe.on('error', reject);
  probe.on('socket', (socket) => {
    const tls = socket as TLSSocket;
    const look = (): void => {
      resolve(view(tls, url.hostname));
      probe.destroy();
    };
    // Through a proxy the handshake may be over already; then its verdict is there.
    if (tls.authorized || tls.authorizationError) look();
    else tls.once('secureConnect', look);
  });
  return promise.finally(() => agent.destroy());
}

function view(socket: TLSSocket, host: string): Omit<TlsView, 'privateAuthority'> {
  const untrusted = socket.authorized ? undefined : String(socket.authorizationError ?? `not for ${host}`);
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    chain: chainOf(socket.getPeerCertificate(true)),
    ...(untrusted !== undefined && { untrusted }),
  };
}

/** The last one is its own issuer. */
function chainOf(first: DetailedPeerCertificate): PresentedCertificate[] {
  const chain: PresentedCertificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = first;
  while (certificate?.raw && chain.length < LONGEST_CHAIN) {
    chain.push(describe(new X509Certificate(certificate.raw)));
    certificate = certificate.issuerCertificate === certificate ? undefined : certificate.issuerCertificate;
  }
  return chain;
}

function describe(certificate: X509Certificate): PresentedCertificate {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    validFrom: certificate.validFromDate,
    validTo: certificate.validToDate,
    sha256: certificate.fingerprint256.replaceAll(':', ''),
  };
}

/** The peer chooses the names: they are shortened, and printed without control characters. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').replace(/\p{C}/gu, '').slice(0, 200);
}

function fingerprintsOf(pem: string | undefined): Set<string> {
  const blocks = pem?.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return new Set(blocks.map((block) => new X509Certificate(block).fingerprint256.replaceAll(':', '')));
}
