// What a policy makes of weak, contradicting, foreign and unreadable evidence.

import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../../../shared/adapters/yaml/read-policy.ts';
import { ASSURANCES } from '../../../../shared/domain/identity/identity.ts';
import { CONTRADICTIONS } from '../../../../shared/domain/identity/presented-identities.ts';
import { builtInPolicy, builtInPolicyOfVersion } from '../../../../shared/domain/policy/built-in-policy.ts';
import { evaluatePolicy, explainPolicy } from '../../../../shared/domain/policy/policy.ts';
import {
  deviceFacts,
  type PolicyFacts,
  questionFacts,
  requestFacts,
} from '../../../../shared/domain/policy/policy-facts.ts';
import { someFacts } from '../../../support/policy-facts.ts';

const STAFF = { name: 'staff', vlan: '10', sessionTimeoutSeconds: 28_800 };
const QUARANTINE = { name: 'quarantine', vlan: '666', sessionTimeoutSeconds: 1800 };
const WEAK = { name: 'weak', vlan: '667', sessionTimeoutSeconds: 1800 };

describe('the built-in policy that asks for evidence', () => {
  const role = (facts: Partial<PolicyFacts>, minimumAssurance: (typeof ASSURANCES)[number] = 'certificate-name') => {
    const policy = builtInPolicy(STAFF, QUARANTINE, ['compliant'], { minimumAssurance, weak: WEAK });
    const { outcome } = evaluatePolicy(policy, someFacts(facts));
    return outcome.verdict === 'permit' ? outcome.role : 'deny';
  };

  test.each(ASSURANCES.map((assurance) => [assurance]))(
    'gives a device recognised by %s what its surety is worth',
    (assurance) => {
      const rank = ASSURANCES.indexOf(assurance);
      for (const minimum of ASSURANCES) {
        const sure = rank <= ASSURANCES.indexOf(minimum);
        expect(role({ assurance }, minimum)).toBe(sure ? 'staff' : 'weak');
        expect(role({ assurance, standing: 'noncompliant' }, minimum)).toBe('quarantine');
      }
    },
  );

  test.each(CONTRADICTIONS.map((contradiction) => [contradiction]))(
    'takes %s for doubt, however sure the identity is',
    (contradiction) => {
      for (const minimum of ASSURANCES) expect(role({ contradictions: [contradiction] }, minimum)).toBe('weak');
    },
  );

  test('gives no better role where a contradiction may have been cut off', () => {
    const vpn = { methods: ['pap', 'vpn'], cut: ['ciscoAvPairs'] } as const;
    const policy = builtInPolicy(STAFF, QUARANTINE, ['compliant'], { minimumAssurance: 'mac', weak: WEAK });
    expect(evaluatePolicy(policy, someFacts(vpn))).toMatchObject({
      outcome: { role: 'quarantine' },
      rule: 'quarantine-others',
      unread: ['contradiction'],
    });
    expect(evaluatePolicy(policy, someFacts({ ...vpn, standing: 'noncompliant' })).outcome).toMatchObject({
      role: 'quarantine',
    });
    expect(role({ methods: ['eap-tls', 'vpn'], cut: ['ciscoAvPairs', 'userName'] })).toBe('staff');
  });

  test('is made again from its version', () => {
    for (const minimumAssurance of ASSURANCES) {
      for (const states of [['compliant'], ['compliant', 'inGracePeriod']] as const) {
        const policy = builtInPolicy(STAFF, QUARANTINE, states, { minimumAssurance, weak: WEAK });
        const again = builtInPolicyOfVersion(policy.version);
        expect(again?.version).toBe(policy.version);
        const facts = someFacts({ assurance: 'mac' });
        expect(again && evaluatePolicy(again, facts)).toEqual(evaluatePolicy(policy, facts));
      }
    }
  });
});

/** @returns whether a rule with these conditions decides, and what could not be read */
function matches(when: string, facts: Partial<PolicyFacts>, outcome = 'permit: a'): unknown {
  const text = `
roles: { a: { vlan: 1 }, b: { vlan: 2 } }
rules:
  - { name: asked, when: { ${when} }, ${outcome} }
  - { name: rest, permit: b }`;
  const { rule, unread } = evaluatePolicy(readPolicy(text, { version: 'v' }), someFacts(facts));
  return unread ? unread : rule === 'asked';
}

/** A certificate with these names on a laptop of Jane's. */
function withUsers(sanUpn: readonly string[]): Partial<PolicyFacts> {
  const device = { complianceState: 'compliant', userPrincipalName: 'jane@b.example' } as const;
  return { ...questionFacts({ method: 'eap-tls', certificate: { sanUpn } }), device };
}

/** So many of them, each another one. */
function claims(name: string, count: number): string[] {
  const beginning = name === 'device-mac' ? '00112233445' : '00112233445566778899';
  return Array.from({ length: count }, (_, n) => `mdm-tlv=${name}=${beginning}${n}`);
}

const MAB = questionFacts({ method: 'mab', callingStationId: '00-11-22-33-44-55' });

describe('conditions', () => {
  test.each<[string, Partial<PolicyFacts>, unknown]>([
    ['contradiction: true', { contradictions: ['mac-of-another-device'] }, true],
    ['contradiction: true', {}, false],
    ['contradiction: false', {}, true],
    ['contradiction: false', { contradictions: ['mac-of-another-device'] }, false],
    ['contradiction: named-device-unknown', { contradictions: ['mac-of-another-device'] }, false],
    ['contradiction: [mac-of-another-device]', { contradictions: ['mac-of-another-device'] }, true],
    ...(
      ['true', 'false', 'named-device-unknown', '[claim-of-another-device]', 'mac-of-another-device'] as const
    ).flatMap((wanted) =>
      (['ciscoAvPairs', 'userName', 'callingStationId'] as const).map(
        (cut): [string, Partial<PolicyFacts>, unknown] => [
          `contradiction: ${wanted}`,
          questionFacts({ method: 'site', cut: ['nasPortId', cut] }),
          ['contradiction'],
        ],
      ),
    ),
    ['contradiction: cn-contradicts-san', questionFacts({ method: 'site', cut: ['ciscoAvPairs', 'userName'] }), false],
    ['contradiction: true', questionFacts({ method: 'site', cut: ['calledStationId', 'acctSessionId'] }), false],
    [
      'contradiction: true',
      { ...questionFacts({ method: 'site', cut: ['ciscoAvPairs'] }), contradictions: ['mac-of-another-device'] },
      true,
    ],
    [
      'contradiction: false',
      { ...questionFacts({ method: 'site', cut: ['ciscoAvPairs'] }), contradictions: ['mac-of-another-device'] },
      false,
    ],
    [
      'contradiction: claim-of-another-device',
      { ...questionFacts({ method: 'site', cut: ['ciscoAvPairs'] }), contradictions: ['mac-of-another-device'] },
      ['contradiction'],
    ],
    ['contradiction: true', { cut: ['ciscoAvPairs'] }, ['contradiction']],
    // The client lists more devices than are looked at.
    [
      'contradiction: true',
      questionFacts({ method: 'site', ciscoAvPairs: claims('device-mac', 9) }),
      ['contradiction'],
    ],
    [
      'contradiction: true',
      questionFacts({ method: 'site', ciscoAvPairs: claims('device-uid', 5) }),
      ['contradiction'],
    ],
    ['contradiction: true', questionFacts({ method: 'site', ciscoAvPairs: claims('device-mac', 8) }), false],
    // A certificate speaks for itself: what a client claims beside it is not looked at.
    ['contradiction: true', questionFacts({ method: 'eap-tls', certificate: {}, cut: ['ciscoAvPairs'] }), false],
    ['contradiction: true', questionFacts({ method: 'eap-tls', certificate: {}, cut: ['userName'] }), false],
    ...(['callingStationId', 'certificate', 'certificate.sanDns', 'certificate.commonName'] as const).map(
      (cut): [string, Partial<PolicyFacts>, unknown] => [
        'contradiction: mac-of-another-device',
        questionFacts({ method: 'eap-tls', certificate: {}, cut: [cut] }),
        ['contradiction'],
      ],
    ),
    [
      'contradiction: cn-contradicts-san',
      questionFacts({ method: 'eap-tls', certificate: { cut: true }, cut: ['certificate'] }),
      ['contradiction'],
    ],
    ['contradiction: true', questionFacts({ method: 'eap-tls', certificate: {}, cut: ['certificate.issuer'] }), false],
    ['contradiction: true', { ...MAB, cut: ['ciscoAvPairs', 'certificate'] }, false],
    ['method: mab', MAB, true],
    ['method: [eap-tls]', MAB, false],
    ['method: eap-tls', questionFacts({ method: 'eap-tls', certificate: {} }), true],
    ['method: pap', questionFacts({ method: 'site' }), true],
    ['method: peap', questionFacts({ method: 'site', eapType: 'PEAP' }), true],
    ['method: eap-ttls', questionFacts({ method: 'site', eapType: '21' }), true],
    ['method: peap', questionFacts({ method: 'site', eapType: 'MSCHAPv2' }), true],
    ['method: vpn', questionFacts({ method: 'site', nasPortType: 'Virtual' }), true],
    ['method: pap', questionFacts({ method: 'site', nasPortType: 'Virtual' }), false],
    ['method: peap', questionFacts({ method: 'site', eapType: 'EAP-FAST' }), false],
    ['method: [peap, eap-ttls, pap]', questionFacts({ method: 'site', eapType: '55' }), false],
    ['method: vpn', { ...questionFacts({ method: 'site' }), nasPortType: 'Tunnel', userName: 'jane' }, ['method']],
    ['method: pap', { ...questionFacts({ method: 'site' }), cut: ['nasPortType'] }, ['method']],
    ['method: [pap, vpn]', { ...questionFacts({ method: 'site' }), cut: ['nasPortType'] }, true],
    ['method: mab', { ...MAB, nasPortType: 'Tunnel' }, true],
    ['medium: wireless', { nasPortType: 'IEEE 802.11' }, true],
    ['medium: wired', { nasPortType: 'Ethernet (15)' }, true],
    ['medium: wired', { nasPortType: 'Port' }, ['medium']],
    ['medium: wired', { nasPortType: 'ISDN' }, false],
    ['medium: wired', { nasPortType: '16' }, false],
    ['ssid: Corp', { nasPortType: 'Radio', calledStationId: 'AP-2F:Corp' }, true],
    ['ssid: Corp', { nasPortType: 'Radio', calledStationId: 'AP-2F' }, ['ssid']],
    ['nasAddress: 10.1.2.3', {}, true],
    ['nasAddress: 192.0.2.9', {}, false],
    ['nasAddress: 192.0.2.9', { nasIpAddress: undefined as never }, true],
    ['nasAddress: 192.0.2.9', { nasIpAddress: undefined as never, cut: ['nasIpAddress'] }, ['nasAddress']],
    ['nasAddress: 192.0.2.9', { nasIpAddress: undefined as never, cut: ['nasIpv6Address'] }, ['nasAddress']],
    [
      'nasAddress: 192.0.2.9',
      { nasIpAddress: undefined as never, packetSourceIp: undefined as never, cut: ['packetSourceIp'] },
      ['nasAddress'],
    ],
    ['certificateIssuer: CN=Issuing CA', { certificateIssuer: '/O=Contoso/CN=Issuing CA' }, true],
    ['certificateIssuer: issuing ca', { certificateIssuer: 'CN=Issuing CA, O=Contoso' }, true],
    ["certificateIssuer: 'O=Contoso,CN=Issuing *'", { certificateIssuer: '/O=Contoso/CN=Issuing CA 2' }, true],
    ['certificateIssuer: CN=Issuing CA', { certificateIssuer: '/O=Contoso/CN=Issuing CA 2' }, false],
    ['certificateIssuer: CN=Zürich CA', { certificateIssuer: '/CN=Z\\xC3\\xBCrich CA' }, true],
    [
      `certificateIssuer: 'CN=CA 1, O="Contoso, Inc.", S=WA'`,
      { certificateIssuer: '/ST=WA/O=Contoso, Inc./CN=CA 1' },
      true,
    ],
    [`certificateIssuer: 'O=Contoso\\, Inc.'`, { certificateIssuer: 'CN = CA 1, O = "Contoso, Inc."' }, true],
    ['certificateIssuer: CN=Zürich CA', { certificateIssuer: 'O=Contoso,CN=Z\\C3\\BCrich CA' }, true],
    ['certificateIssuer: E=pki@contoso.com', { certificateIssuer: '/emailAddress=pki@contoso.com' }, true],
    ['certificateIssuer: CN=CA 1', { certificateIssuer: 'CN=Other, O="A, CN=CA 1, B"' }, false],
    ["certificateIssuer: 'O=Contoso, Inc., CN=CA 1'", { certificateIssuer: '/O=Contoso, Inc./CN=CA 1' }, true],
    ["certificateIssuer: 'O=Contoso, Inc., CN=CA 1'", { certificateIssuer: 'CN=CA 1,O=Contoso' }, false],
    ["certificateIssuer: 'PKI, A+B'", { certificateIssuer: 'CN=PKI' }, false],
    ["certificateIssuer: 'PKI, A+B'", { certificateIssuer: 'CN=PKI\\, A\\+B,O=Contoso,' }, true],
    ['certificateIssuer: CN=x', { certificateIssuer: '' }, ['certificateIssuer']],
    ['certificateIssuer: CN=x', {}, false],
    ['certificateIssuer: CN=x', questionFacts({ method: 'eap-tls' }), ['certificateIssuer']],
    ['certificateIssuer: CN=x', questionFacts({ method: 'eap-tls', certificate: {} }), ['certificateIssuer']],
    ['certificateIssuer: CN=x', { certificateIssuer: 'Contoso' }, ['certificateIssuer']],
    ['certificateIssuer: CN=x', { certificateIssuer: `${'/OU=a'.repeat(32)}/CN=x` }, ['certificateIssuer']],
    [
      'certificateIssuer: CN=x',
      questionFacts({ method: 'eap-tls', certificate: { issuer: `/O=${'o'.repeat(1010)}/CN=x` } }),
      ['certificateIssuer'],
    ],
    ['ssid: Corp', { calledStationId: 'AP-2F-EAST:Corp' }, true],
    ['ssid: Corp', { calledStationId: '44227c-4ac500:Corp' }, true],
    ['ssid: Corp', { calledStationId: '44227c-4ac500', ssids: ['Corp'] }, true],
    ['ssid: Corp', { calledStationId: '44-22-7C-4A-C5-00:Guest', ssids: ['Corp'] }, ['ssid']],
    ['ssid: Corp', { calledStationId: 'AP:7:Corp' }, ['ssid']],
    ['ssid: Corp', { calledStationId: 'AP:7:Corp', ssids: ['Corp'] }, true],
    ['ssid: Corp', { calledStationId: 'AP-2F-EAST' }, ['ssid']],
    ['ssid: Corp', { calledStationId: '00-11-22-AA-BB-CC:Corp', cut: ['calledStationId'] }, ['ssid']],
    ['ssid: Corp', { calledStationId: 'SW1:Corp', nasPortType: 'Ethernet' }, false],
    ['userName: x', { cut: ['userName'] }, false],
    ['ssid: Corp', { calledStationId: undefined as never, nasPortType: undefined as never }, false],
    [
      'ssid: Corp',
      { calledStationId: undefined as never, nasPortType: undefined as never, cut: ['ciscoAvPairs'] },
      ['ssid'],
    ],
    ['ssid: Corp', { calledStationId: undefined as never, nasPortType: 'Ethernet', cut: ['ciscoAvPairs'] }, false],
    ['ssid: Corp', { cut: ['ciscoAvPairs'] }, true],
    [
      'ssid: Corp',
      { calledStationId: `00-11-22-AA-BB-CC:${'x'.repeat(33)}`, nasPortType: undefined as never },
      ['ssid'],
    ],
    ['ssid: Corp', { ...questionFacts({ ssids: ['a', 'b', 'c', 'd', 'Corp'] }), nasPortType: 'Ethernet' }, ['ssid']],
    [
      'owner: another',
      withUsers(['a@b.example', 'c@b.example', 'd@b.example', 'e@b.example', 'jane@b.example']),
      ['owner'],
    ],
    ['owner: same', withUsers(['jane@b.example', 'c@b.example', 'd@b.example', 'e@b.example', 'f@b.example']), true],
    ['owner: another', withUsers([`${'j'.repeat(250)}@b.example`]), ['owner']],
    ...(['userName', 'nasIdentifier'] as const).map((field): [string, Partial<PolicyFacts>, unknown] => [
      `${field}: '*-evil'`,
      { [field]: undefined, ...requestFacts('hq', { [field]: `${'x'.repeat(250)}-evil` }) },
      [field],
    ]),
    [
      'ssid: Corp',
      { nasPortType: undefined as never, ...requestFacts('hq', { calledStationId: `${'x'.repeat(250)}:Corp` }) },
      ['ssid'],
    ],
    ["answerAge: '< 4h'", { asOf: '2026-11-21T10:00:00.000Z' }, ['answerAge']],
    ["answerAge: '< 4h'", { asOf: '2026-11-20T10:59:00.000Z' }, true],
    ['removalPending: false', { device: undefined as never, standing: 'notEnrolled' }, false],
    ['removalPending: true', { device: { complianceState: 'compliant' } }, ['removalPending']],
    ['removalPending: true', { device: { complianceState: 'compliant' }, standing: 'beingRemoved' }, true],
    ['removalPending: false', { device: { complianceState: 'compliant', registrationState: 'registered' } }, true],
    ['removalPending: false', { device: { complianceState: 'compliant', managementState: 'managed' } }, true],
  ])('%s of %j: %j', (when, facts, expected) => {
    expect(matches(when, facts)).toEqual(expected);
  });

  const device = { complianceState: 'compliant' } as const;
  test.each<[string, Partial<PolicyFacts['device'] & object> | undefined, unknown]>([
    ['deviceName: kiosk-*', { name: 'KIOSK-7' }, true],
    ['model: Latitude *', { model: 'Latitude 7450' }, true],
    ['model: Latitude *', {}, ['model']],
    ['category: kiosk', { category: 'Kiosk' }, true],
    ['category: kiosk', { operatingSystem: 'Windows' }, false],
    // Nothing but its state is known: the compliance retrieval service says no more.
    ['category: kiosk', {}, ['category']],
    [
      'deviceName: "*-evil"',
      deviceFacts({ source: 'intune', id: 'x', complianceState: 'compliant', name: 'x'.repeat(254) }),
      ['deviceName'],
    ],
    ["osVersion: '>= 123456789'", { osVersion: '1234567890.1' }, ['osVersion']],
    ["osVersion: '< 10.0.2'", { osVersion: '10.0.1234567890' }, ['osVersion']],
    ['encrypted: true', { isEncrypted: true }, true],
    ['encrypted: false', { isEncrypted: false }, true],
    ['encrypted: false', {}, ['encrypted']],
    ['encrypted: false', undefined, false],
    ['jailbroken: true', { jailBroken: 'true' }, true],
    ['jailbroken: false', { jailBroken: 'unknown' }, ['jailbroken']],
    ['managementAgent: mdm', { managementAgent: 'MDM' }, true],
    ['registrationState: revoked', { registrationState: 'revoked' }, true],
    ['registered: false', { registrationState: 'revoked' }, true],
    ['registered: false', undefined, false],
    ['registered: false', {}, ['registered']],
    ["daysSinceCheckIn: '>= 7'", { lastSyncAt: '2026-11-13T10:00:00.000Z' }, true],
    ["daysSinceCheckIn: '>= 7'", { lastSyncAt: '2026-11-13T10:00:01.000Z' }, false],
    ["daysSinceCheckIn: '>= 7'", {}, ['daysSinceCheckIn']],
    ["osVersion: '< 10'", { osVersion: 'newest' }, ['osVersion']],
    ["osVersion: '< 10'", undefined, false],
    ['ownership: company', {}, ['ownership']],
    ['ownership: personal', { ownership: 'unknown' }, ['ownership']],
    ['ownership: [personal, unknown]', { ownership: 'Unknown' }, true],
    ['managementAgent: eas', { managementAgent: 'unknownFutureValue' }, ['managementAgent']],
    ['registrationState: revoked', { registrationState: 'unknown' }, ['registrationState']],
    ['registered: false', { registrationState: 'unknown' }, ['registered']],
    ['platform: iOS', { operatingSystem: 'Unknown' }, ['platform']],
  ])('%s of the device %j: %j', (when, fields, expected) => {
    const { device: _, ...without } = someFacts();
    const facts = fields === undefined ? without : { device: { ...device, ...fields } };
    if (fields === undefined) expect(matches(when, { ...without, device: undefined as never })).toEqual(expected);
    else expect(matches(when, facts)).toEqual(expected);
  });

  test.each([
    ['alice@contoso.com', 'Alice@Contoso.com', 'same'],
    ['CONTOSO\\alice', 'alice@contoso.com', 'same'],
    ['alice', 'alice@contoso.com', 'same'],
    ['alice@evil.example', 'alice@contoso.com', 'another'],
    ['bob', 'alice@contoso.com', 'another'],
    ['bob', undefined, 'none'],
  ])('owner: the user %s on a device of %s', (userName, userPrincipalName, word) => {
    const facts = {
      ...questionFacts({ method: 'site', userName }),
      device: { ...device, operatingSystem: 'Windows', ...(userPrincipalName && { userPrincipalName }) },
    };
    for (const asked of ['same', 'another', 'none']) expect(matches(`owner: ${asked}`, facts)).toBe(asked === word);
  });

  test('owner: the user of MAB is unknown, or of a computer account', () => {
    const owned = { device: { ...device, userPrincipalName: 'alice@contoso.com' } };
    for (const question of [MAB, questionFacts({ method: 'site', userName: 'host/lt-1' })]) {
      expect(matches('owner: another', { ...question, ...owned })).toEqual(['owner']);
    }
  });
});

describe('a time that lies ahead', () => {
  const ahead = {
    device: { complianceState: 'compliant', lastSyncAt: '9999-12-31T00:00:00Z', enrolledAt: '2026-11-21T00:00:00Z' },
  };

  test.each(["daysSinceCheckIn: '< 7'", "minutesSinceEnrolment: '< 60'"])(
    'cannot be read, so %s permits no station',
    (when) => {
      expect(matches(when, ahead as Partial<PolicyFacts>)).toEqual([when.split(':')[0]]);
    },
  );
});

describe('a list of MAC addresses', () => {
  test.each([
    ['00:11:22'],
    ['0011.22'],
    ['00-11-22-*'],
    ['001122'],
    ['001122*'],
    ['00:11:22:33:44:55'],
    ['0011.2233.4455'],
    ['001122-334455'],
    ['0x001122334455'],
    ['001122334455'],
  ])('holds in the notation %s, for MAB alone', (written) => {
    const when = `macAddress: [ab:cd:ef, ${written}]`;
    expect(matches(when, MAB)).toBe(true);
    expect(matches(when, questionFacts({ method: 'mab', callingStationId: '0011.2333.4455' }))).toBe(false);
    expect(matches(when, { ...MAB, standing: 'notAuthenticated' })).toBe(false);
    for (const method of ['site', 'eap-tls'] as const) {
      const question = questionFacts({ method, callingStationId: '001122334455', userName: '001122334455' });
      expect(matches(when, { ...question, userName: '001122334455' })).toBe(false);
    }
  });

  test.each([['00:11'], ['0:1:2'], ['00:11:2'], ['xx:yy:zz'], ['00:11:22:33:44:55:66'], ['"*"'], ['1e11']])(
    'refuses %s',
    (written) => {
      expect(() => matches(`macAddress: ${written}`, MAB)).toThrow('macAddress');
    },
  );
});

describe('a condition that cannot be read', () => {
  const unreadable = { calledStationId: 'AP-2F-EAST' };

  test('neither steps past a rule that rejects nor opens one that permits', () => {
    const text = `
roles: { staff: { vlan: 1 }, rest: { vlan: 2 } }
rules:
  - { name: no-mab, when: { ssid: Corp, method: mab }, reject: true }
  - { name: guests, when: { ssid: Guest }, permit: staff }
  - { name: rest, permit: rest }`;
    const policy = readPolicy(text, { version: 'v' });
    expect(evaluatePolicy(policy, someFacts({ ...MAB, ...unreadable }))).toMatchObject({
      rule: 'no-mab',
      outcome: { verdict: 'deny' },
      unread: ['ssid'],
    });
    const other = questionFacts({ method: 'site' });
    expect(evaluatePolicy(policy, someFacts({ ...other, ...unreadable }))).toMatchObject({
      rule: 'rest',
      unread: ['ssid'],
    });
    expect(explainPolicy(policy, someFacts({ ...MAB, ...unreadable }))[0]).toEqual({
      rule: 'no-mab',
      matched: true,
      failed: [],
      unread: ['ssid'],
    });
  });
});

describe('issuers that a policy declares', () => {
  const policy = (issuers: string) =>
    readPolicy(
      `
certificateIssuers: ${issuers}
roles: { staff: { vlan: 1 }, rest: { vlan: 2 } }
sites: { lab: { certificateIssuers: CN=Lab CA } }
rules:
  - { name: compliant, when: { compliance: compliant }, permit: staff }
  - { name: unidentified, when: { compliance: unidentified }, permit: rest }
  - { name: rest, reject: true }`,
      { version: 'v' },
    );

  test.each([
    ['hq', '/O=Contoso/CN=Issuing CA', 'compliant'],
    ['hq', 'CN=Issuing CA,O=Contoso', 'compliant'],
    ['hq', '/O=Evil/CN=Some other CA', 'unidentified'],
    ['hq', '', 'unidentified'],
    ['hq', undefined, 'compliant'],
    ['lab', '/CN=Lab CA', 'compliant'],
    ['lab', '/O=Contoso/CN=Issuing CA', 'unidentified'],
  ])('at %s a certificate by %s is decided by rule %s', (site, certificateIssuer, rule) => {
    const facts = someFacts({ site, ...(certificateIssuer !== undefined && { certificateIssuer }) });
    expect(evaluatePolicy(policy("'CN=Issuing CA,O=Contoso'"), facts).rule).toBe(rule);
  });
});
