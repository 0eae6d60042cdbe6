// Facts of a compliant laptop on the staff Wi-Fi of headquarters; a test names only what it is about.

import type { PolicyFacts } from '../../shared/domain/policy/policy-facts.ts';

export function someFacts(fields: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    at: '2026-11-20T10:00:00.000Z',
    site: 'hq',
    standing: 'compliant',
    marks: [],
    assurance: 'certificate-guid',
    asOf: '2026-11-20T09:00:00.000Z',
    device: {
      complianceState: 'compliant',
      ownership: 'company',
      operatingSystem: 'Windows',
      osVersion: '10.0.22631.4460',
      managementState: 'managed',
      registrationState: 'registered',
      enrolledAt: '2026-11-20T08:00:00.000Z',
    },
    userName: 'host/LT-0042.example.com',
    nasPortType: 'Wireless-802.11',
    calledStationId: '00-11-22-AA-BB-CC:Corp',
    nasIpAddress: '10.1.2.3',
    nasIdentifier: 'ap-7',
    packetSourceIp: '192.0.2.9',
    ...fields,
  };
}
