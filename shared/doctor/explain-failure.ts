// Says what an error means, in the words in which administrators look for it.

import { type ConnectorError, type ErrorCode, SourceError, toConnectorError } from '../errors.ts';
import type { Outcome } from '../ports/check.ts';

const MEANINGS: Partial<Record<ErrorCode, string>> = {
  NAC_ENTRA_CERTIFICATE: 'Without its certificate the application cannot prove itself to Microsoft Entra.',
  NAC_SOURCE_TOKEN: 'Microsoft Entra, or something on the way to it, refused to sign the application in.',
  NAC_SOURCE_UNREACHABLE: 'There is no way from this machine to the host, or it does not answer.',
  NAC_SOURCE_UNTRUSTED:
    'Trust store: no issuer that this machine trusts vouches for the host’s certificate (Java programs call it “PKIX path building failed”).',
  NAC_SOURCE_UNAUTHORIZED: 'The token was made for another audience or cloud, or has run out.',
  NAC_SOURCE_FORBIDDEN: 'Permission missing, or consent not granted: the token is good, but not for this.',
  NAC_SOURCE_THROTTLED: 'The service is asked too often, by this application or another one.',
  NAC_SOURCE_UNAVAILABLE: 'The service has trouble of its own.',
  NAC_SOURCE_DISCOVERY: 'Intune’s service for this tenant cannot be found.',
  NAC_SOURCE_DIALECT: 'The host answers, but not as Cisco ISE is answered by an MDM: another address, or switched off.',
  NAC_SOURCE_REDIRECTED: 'A proxy, a sign-in page or a moved server answers at this address.',
  NAC_SOURCE_PAGE: 'The answer is not what the service sends: cut off, or another service’s.',
  NAC_SOURCE_RECORD: 'The service answered, but not about what it was asked.',
  NAC_STORE_UNAVAILABLE: 'Nothing can be kept, and lookups cannot be answered.',
  NAC_STORE_TIMEOUT: 'The storage account is too slow or too far away.',
  NAC_QUEUE_MISSING: 'Compliance changes cannot be enforced at this site.',
  NAC_QUEUE_UNAVAILABLE: 'Compliance changes cannot be enforced.',
};

export function explainFailure(thrown: unknown): Outcome {
  const error = toConnectorError(thrown);
  const { code, message, action } = error;
  return { status: 'failed', saw: message, means: meaningOf(error), action, code };
}

function meaningOf(error: ConnectorError): string {
  const said = error instanceof SourceError ? error.means : undefined;
  return said ?? MEANINGS[error.code] ?? 'Something the doctor did not expect.';
}
