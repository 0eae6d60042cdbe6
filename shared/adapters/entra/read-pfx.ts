// Opens a PFX (PKCS#12, RFC 7292). Its maker has chosen its cost, so the cost is checked before any of it is spent.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { certificateError } from './certificate-error.ts';
import { noPfx, wrongPassword } from './check-pfx.ts';
import type { CertificatesAndKeys } from './pair-certificates.ts';

/** OpenSSL and Windows use 2,000 to 600,000. More would hold the process up. */
const MOST_ITERATIONS = 1_000_000;
const DEEPEST = 16;

const { asn1, pki } = forge;
type Bag = forge.pkcs12.Bag;

/** Part of forge that its types leave out. */
interface PasswordBasedEncryption {
  getCipherForPBES2(oid: unknown, parameters: unknown, password: string | undefined): unknown;
}

// PBES2 takes a password as UTF-8 (RFC 8018), only the older ciphers and the MAC take it as forge has it.
const pbe = (pki as unknown as { readonly pbe: PasswordBasedEncryption }).pbe;
const getCipherForPBES2 = pbe.getCipherForPBES2.bind(pbe);
pbe.getCipherForPBES2 = (oid, parameters, password) =>
  getCipherForPBES2(oid, parameters, password && forge.util.encodeUtf8(password));

/** @throws ConnectorError NAC_ENTRA_CERTIFICATE */
export function readPfx(content: Buffer, password: string | undefined, setting: string): CertificatesAndKeys {
  const structure = parse(content, setting);
  if (mostIterations(structure, 0) > MOST_ITERATIONS) {
    throw certificateError(
      setting,
      `is a PFX that asks for more than ${MOST_ITERATIONS} rounds of key derivation`,
      'Export it again with usual options.',
    );
  }
  const pfx = open(structure, password, setting);
  const bags = (type: string | undefined): readonly Bag[] => pfx.getBags({ bagType: type ?? '' })[type ?? ''] ?? [];
  const { keyBag, pkcs8ShroudedKeyBag, certBag } = pki.oids;
  return {
    keys: [...bags(pkcs8ShroudedKeyBag), ...bags(keyBag)].map((bag) => toKey(bag, setting)),
    certificates: bags(certBag).map((bag) => toDer(bag.cert ? pki.certificateToAsn1(bag.cert) : bag.asn1)),
  };
}

function parse(content: Buffer, setting: string): forge.asn1.Asn1 {
  try {
    return asn1.fromDer(content.toString('binary'), false);
  } catch (cause) {
    throw noPfx(setting, cause);
  }
}

function open(
  structure: forge.asn1.Asn1,
  password: string | undefined,
  setting: string,
): ReturnType<typeof forge.pkcs12.pkcs12FromAsn1> {
  // Some programs write "no password" as the empty text, others as no bytes at all.
  const attempts = password ? [password] : ['', undefined];
  let failure: unknown;
  for (const attempt of attempts) {
    try {
      return attempt === undefined
        ? forge.pkcs12.pkcs12FromAsn1(structure, false)
        : forge.pkcs12.pkcs12FromAsn1(structure, false, attempt);
    } catch (thrown) {
      failure = thrown;
    }
  }
  const said = failure instanceof Error ? failure.message : '';
  if (/password|MAC could not/i.test(said)) throw wrongPassword(setting, password, failure);
  throw noPfx(setting, failure);
}

/**
 * The highest count of rounds it asks for, as far as it shows without a password: in PKCS#12 and PKCS#5 it is the
 * number behind the salt.
 */
function mostIterations(node: forge.asn1.Asn1, depth: number): number {
  if (depth > DEEPEST) return 0;
  if (!Array.isArray(node.value)) return mostIterationsWithin(node, depth);
  let most = 0;
  node.value.forEach((child, index, siblings) => {
    const salt = siblings[index - 1];
    if (child.type === asn1.Type.INTEGER && salt?.type === asn1.Type.OCTETSTRING)
      most = Math.max(most, toNumber(child));
    else most = Math.max(most, mostIterations(child, depth + 1));
  });
  return most;
}

/** Contents that are not encrypted are packed into octet strings. */
function mostIterationsWithin(node: forge.asn1.Asn1, depth: number): number {
  if (node.type !== asn1.Type.OCTETSTRING || typeof node.value !== 'string') return 0;
  try {
    return mostIterations(asn1.fromDer(node.value, false), depth + 1);
  } catch {
    return 0;
  }
}

function toNumber({ value }: forge.asn1.Asn1): number {
  return typeof value === 'string' && value.length <= 6 ? Number(`0x${forge.util.bytesToHex(value) || '0'}`) : Infinity;
}

function toKey(bag: Bag, setting: string): KeyObject {
  try {
    return bag.key
      ? createPrivateKey({ key: toDer(pki.privateKeyToAsn1(bag.key)), format: 'der', type: 'pkcs1' })
      : createPrivateKey({ key: toDer(bag.asn1), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw certificateError(setting, 'holds a private key that cannot be read', 'Export it again.', cause);
  }
}

function toDer(structure: forge.asn1.Asn1 | undefined): Buffer {
  return structure === undefined ? Buffer.alloc(0) : Buffer.from(asn1.toDer(structure).getBytes(), 'binary');
}
