// Whatever comes from outside is read in a time that grows with its length: each parser, with each piece that means
// something to one of them, repeated; measured as a ratio within one run.

import { describe, expect, test } from 'vitest';
import { presentedCredential } from '../../functions/presented-credential.ts';
import { readCoaJob } from '../../relay/read-coa-job.ts';
import { readRelayConfig } from '../../relay/read-relay-config.ts';
import { readComplianceXml } from '../../shared/adapters/cisco-mdm/read-compliance-xml.ts';
import { readDevices } from '../../shared/adapters/cisco-mdm/read-devices.ts';
import { readInformation } from '../../shared/adapters/cisco-mdm/read-information.ts';
import { ListedManagedDevice } from '../../shared/adapters/intune/listed-managed-device.ts';
import { readManagedDevice } from '../../shared/adapters/intune/managed-device.ts';
import { splitPage } from '../../shared/adapters/intune/split-page.ts';
import { readPolicy } from '../../shared/adapters/yaml/read-policy.ts';
import { readSources } from '../../shared/adapters/yaml/read-sources.ts';
import { parseApiKey } from '../../shared/domain/client.ts';
import { distinguishedNameMatches } from '../../shared/domain/distinguished-name.ts';
import { certificateIdentities } from '../../shared/domain/identity/certificate-identities.ts';
import { computerAccountNames, computerNames, nameBeforeDomain } from '../../shared/domain/identity/computer-name.ts';
import { presentedIdentities } from '../../shared/domain/identity/presented-identities.ts';
import { listsNamedIn, readMacList } from '../../shared/domain/policy/mac-list.ts';
import { requestFacts, ssidCandidates } from '../../shared/domain/policy/policy-facts.ts';
import { readReport } from '../../shared/enforcement/read-report.ts';
import { readReason } from '../../shared/http/read-reason.ts';
import { readAccessRequest } from '../../shared/lookup/read-access-request.ts';
import { readAccountingEvent } from '../../shared/lookup/read-accounting-event.ts';
import { growth, MOST_LINEAR } from '../support/growth.ts';
import { HOSTILE_PIECES } from '../support/hostile-pieces.ts';
import { someFacts } from '../support/policy-facts.ts';
import { SOURCE_DEFAULTS } from '../support/source-defaults.ts';

const AT = '2026-11-20T10:00:00.000Z';
const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';

const REPORT = {
  jobId: '8223840399999-0123456789abcdef0123-v2',
  attempt: 1,
  site: 'hq',
  relay: 'relay-1',
  stage: 'finished',
  at: AT,
  outcome: 'refused',
};

/**
 * Sizes of a text are as large as the limit of its parser lets eight times the smaller one be, or as what comes by
 * RADIUS may be.
 */
const PARSERS: Readonly<Record<string, { readonly size: number; readonly read: (text: string) => unknown }>> = {
  'names of computers': {
    size: 1_000,
    read: (text) => [computerNames(text), computerAccountNames(text), nameBeforeDomain(text)],
  },
  'a SAN text': { size: 1_000, read: (text) => certificateIdentities({ subjectAltName: text }) },
  'names of a certificate': {
    size: 1_000,
    read: (text) =>
      certificateIdentities({ commonName: text, subject: text, sanUri: [text], sanDns: [text], sanUpn: [text] }),
  },
  'an issuer that has to match': { size: 1_000, read: (text) => distinguishedNameMatches('/O=*/CN=*CA', text) },
  'a lookup': { size: 7_000, read: readAccessRequest },
  'fields of a lookup': {
    size: 400,
    read: (text) => asked({ userName: text, ssid: text, ciscoAvPairs: [text, text] }),
  },
  accounting: { size: 7_000, read: (text) => readAccountingEvent(text, AT) },
  'fields of accounting': {
    size: 400,
    read: (text) =>
      readAccountingEvent(JSON.stringify({ status: 'Start', userName: text, class: text, nasPortId: text }), AT),
  },
  'XML of a compliance service': { size: 2_000, read: readComplianceXml },
  'content of its XML': {
    size: 2_000,
    read: (text) => readComplianceXml(`<ise_api><device>${text}</device></ise_api>`),
  },
  'mdminfo of an MDM server': {
    size: 2_000,
    read: (text) => readInformation(`<ise_api><api_version>3</api_version><api_path>/${text}`, 'https://m', 'It'),
  },
  'devices of an MDM server': {
    size: 2_000,
    read: (text) => readDevices(`<ise_api><device><os_version>${text}</os_version><macaddresses>${text}`, 3, 'It'),
  },
  'a managed device': {
    size: 2_000,
    read: (text) => readManagedDevice('intune', { id: ID, deviceName: text, model: text }),
  },
  'a listed device': { size: 2_000, read: (text) => new ListedManagedDevice('intune', text).read() },
  'a page of devices': { size: 5_000, read: (text) => splitPage([`{"value":[{"id":"${ID}"},`, text, ']}']) },
  'a report of a relay': {
    size: 2_000,
    read: (text) => readReport({ ...REPORT, hint: text, errorCause: { code: 503, name: text } }),
  },
  'a job': {
    size: 2_000,
    read: (text) => readCoaJob({ jobId: text, site: text, target: { nasIpAddress: text } }, 'hq'),
  },
  'a reason': { size: 500, read: readReason },
  'a key': { size: 1_000, read: parseApiKey },
  'a credential': {
    size: 1_000,
    read: (text) => presentedCredential({ headers: new Headers({ authorization: text.replace(/[^ -~]/g, '') }) }, true),
  },
  'policy.yaml': { size: 300, read: (text) => readPolicy(text, { version: 'v' }) },
  'rules of policy.yaml': { size: 300, read: (text) => readPolicy(`rules: [${text}`, { version: 'v' }) },
  'sources.yaml': { size: 300, read: (text) => readSources(text, { defaults: SOURCE_DEFAULTS }) },
  'entries of sources.yaml': {
    size: 300,
    read: (text) => readSources(`sources: [${text}`, { defaults: SOURCE_DEFAULTS }),
  },
  'a list of addresses': { size: 5_000, read: readMacList },
  'lists that a policy names': { size: 5_000, read: listsNamedIn },
  'relay.yaml': { size: 300, read: (text) => readRelayConfig(text, { file: 'relay.yaml', hostName: 'relay-1' }) },
};

describe.each(Object.entries(PARSERS))('%s', (_name, { size, read }) => {
  test('is read, or refused, in a time that grows with its length', () => {
    const slow = HOSTILE_PIECES.filter(
      (piece) => growth((length) => attempt(read, repeated(piece, length)), size) > MOST_LINEAR,
    );
    expect(slow).toEqual([]);
  });
});

function asked(fields: object): unknown {
  const request = readAccessRequest(
    JSON.stringify({ method: 'site', callingStationId: 'a0-b1-c2-d3-e4-f5', ...fields }),
  );
  return [presentedIdentities(request), ssidCandidates(someFacts(requestFacts('hq', request)))];
}

function repeated(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length));
}

function attempt(read: (text: string) => unknown, text: string): void {
  try {
    read(text);
  } catch {
    // A refusal is an answer, too.
  }
}
