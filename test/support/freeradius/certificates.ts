// Certificate authorities for tests and the certificates they issue to servers and devices, as PEM text.

import 'reflect-metadata';

import { randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const ONE_HOUR = 3_600_000;

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  /** The certificate followed by the certificates of the intermediate authorities above it. */
  readonly chainPem: string;
  /** Hexadecimal, lower case. */
  readonly serial: string;
}

export interface ServerCertificateOptions {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export interface DeviceCertificateOptions {
  readonly commonName: string;
  readonly sanUris?: readonly string[];
  readonly sanDns?: readonly string[];
  readonly sanEmails?: readonly string[];
  readonly sanUpns?: readonly string[];
  /** Where its authority answers questions about it (RFC 6960). */
  readonly ocspUrl?: string;
}

export interface RevocationListOptions {
  /** Serial numbers of certificates of this authority. */
  readonly revoked?: readonly string[];
  /** When its time is over; in a day by default. */
  readonly nextUpdate?: Date;
}

export interface TestAuthority {
  readonly certificatePem: string;
  /** Its own key, PKCS#8, for what answers in its name. */
  privateKeyPem(): Promise<string>;
  /** A revocation list (RFC 5280 5), in DER as CAs publish them. */
  issueRevocationList(options?: RevocationListOptions): Promise<Buffer>;
  issueAuthority(commonName: string): Promise<TestAuthority>;
  issueServerCertificate(options: ServerCertificateOptions): Promise<IssuedCertificate>;
  issueDeviceCertificate(options: DeviceCertificateOptions): Promise<IssuedCertificate>;
}

interface Signer {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  /** What a holder sends after its own certificate; empty below a root. */
  readonly chainPem: string;
}

/** A new root authority. */
export async function createTestAuthority(commonName: string): Promise<TestAuthority> {
  const keys = await newKeys();
  const name = `O=Test, CN=${commonName}`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name,
    keys,
    ...validity(),
    signingAlgorithm: KEY_ALGORITHM,
    extensions: await authorityExtensions(keys.publicKey),
  });
  return authority(certificate.toString('pem'), { name, keys, chainPem: '' });
}

function authority(certificatePem: string, signer: Signer): TestAuthority {
  return {
    certificatePem,

    privateKeyPem: () => pemOf(signer.keys.privateKey),

    async issueRevocationList({ revoked = [], nextUpdate = validity().notAfter } = {}) {
      const list = await x509.X509CrlGenerator.create({
        issuer: signer.name,
        thisUpdate: validity().notBefore,
        nextUpdate,
        signingKey: signer.keys.privateKey,
        signingAlgorithm: KEY_ALGORITHM,
        entries: revoked.map((serialNumber) => ({ serialNumber, revocationDate: validity().notBefore })),
      });
      return Buffer.from(list.rawData);
    },

    async issueAuthority(commonName) {
      const keys = await newKeys();
      const name = `O=Test, CN=${commonName}`;
      const certificate = await sign(signer, name, keys, await authorityExtensions(keys.publicKey));
      const pem = certificate.toString('pem');
      return authority(pem, { name, keys, chainPem: `${pem}\n${signer.chainPem}` });
    },

    async issueServerCertificate({ commonName, dnsNames = [], ipAddresses = [] }) {
      return issue(signer, subjectName(commonName), x509.ExtendedKeyUsage.serverAuth, [
        ...names('dns', dnsNames),
        ...names('ip', ipAddresses),
      ]);
    },

    async issueDeviceCertificate({ commonName, sanUris = [], sanDns = [], sanEmails = [], sanUpns = [], ocspUrl }) {
      const alternativeNames = [
        ...names('url', sanUris),
        ...names('dns', sanDns),
        ...names('email', sanEmails),
        ...names('upn', sanUpns),
      ];
      const more = ocspUrl === undefined ? [] : [new x509.AuthorityInfoAccessExtension({ ocsp: ocspUrl })];
      return issue(signer, subjectName(commonName), x509.ExtendedKeyUsage.clientAuth, alternativeNames, more);
    },
  };
}

async function issue(
  signer: Signer,
  subject: x509.Name,
  usage: string,
  alternativeNames: x509.JsonGeneralNames,
  more: readonly x509.Extension[] = [],
): Promise<IssuedCertificate> {
  const keys = await newKeys();
  const certificate = await sign(signer, subject, keys, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([usage]),
    ...(alternativeNames.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternativeNames)] : []),
    ...more,
  ]);
  const certificatePem = certificate.toString('pem');
  return {
    certificatePem,
    privateKeyPem: await pemOf(keys.privateKey),
    chainPem: `${certificatePem}\n${signer.chainPem}`,
    serial: certificate.serialNumber.toLowerCase(),
  };
}

async function pemOf(privateKey: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
}

async function sign(
  signer: Signer,
  subject: string | x509.Name,
  keys: webcrypto.CryptoKeyPair,
  extensions: x509.Extension[],
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject,
    issuer: signer.name,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    ...validity(),
    signingAlgorithm: KEY_ALGORITHM,
    extensions,
  });
}

async function authorityExtensions(publicKey: webcrypto.CryptoKey): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

/** As ready-made UTF8String: from a plain text the library would take quotes and backslashes out. */
function subjectName(commonName: string): x509.Name {
  return new x509.Name([{ O: ['Test'] }, { CN: [{ utf8String: commonName }] }]);
}

function names(type: x509.GeneralNameType, values: readonly string[]): x509.JsonGeneralNames {
  return values.map((value) => ({ type, value }));
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

/** Eight bytes that are a positive number without a leading zero byte. */
function newSerial(): string {
  const bytes = randomBytes(8);
  bytes[0] = 0x40 | (bytes.readUInt8(0) & 0x3f);
  return bytes.toString('hex');
}

function validity() {
  return { notBefore: new Date(Date.now() - ONE_HOUR), notAfter: new Date(Date.now() + 24 * ONE_HOUR) };
}
