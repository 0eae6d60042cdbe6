// Writes a WebCrypto private key as the PKCS#8 PEM that node:https and MSAL read.

import { KeyObject, type webcrypto } from 'node:crypto';

export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return KeyObject.from(key).export({ format: 'pem', type: 'pkcs8' }).toString();
}
