// Where an organisation does not say whose names count, they count, and answer, explanation and doctor say so.

import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../../shared/adapters/yaml/read-policy.ts';
import { policyCheck } from '../../../shared/doctor/checks/policy.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { aDevice, DEVICE_ID } from '../../support/a-device.ts';
import { lookupInMemory } from '../../support/lookup-in-memory.ts';

const RULES = `roles: { staff: { vlan: 10 }, rest: { vlan: 20 } }
rules:
  - { name: compliant, when: { compliance: compliant }, permit: staff }
  - { name: others, permit: rest }
`;
const DECLARED = `${RULES}certificateIssuers: CN=Contoso Issuing CA\n`;
const AT_SITE = `${RULES}sites: { hq: { certificateIssuers: CN=Contoso Issuing CA } }\n`;

function byCertificate(more: object = {}): object {
  return { method: 'eap-tls', certificate: { sanUri: [`IntuneDeviceId://${DEVICE_ID}`], ...more } };
}
const BY_ACCOUNT = { method: 'site', userName: 'CONTOSO\\LT-0042$' };
const OWN = { issuer: '/O=Contoso/CN=Contoso Issuing CA' };

async function asked(question: object, { policy = RULES, env = {} }: { policy?: string; env?: object } = {}) {
  const connector = await lookupInMemory({ ...env });
  await connector.store(aDevice({ lastSyncAt: connector.clock.now().toISOString() }));
  await connector.enforce(policy);
  const answer = await connector.ask(question);
  const admin = await connector.app.decisions(connector.administrator);
  return { answer, explained: await admin.explain(answer.decision.id) };
}

describe('an answer and its explanation', () => {
  test.each<
    [what: string, question: object, given: { policy?: string; env?: object }, role: string, problems: string[]]
  >([
    ['a certificate, no issuers', byCertificate(OWN), {}, 'staff', ['certificate-issuer-undeclared']],
    ['a certificate without issuer, none declared', byCertificate(), {}, 'staff', ['certificate-issuer-undeclared']],
    ['a certificate of a declared issuer', byCertificate(OWN), { policy: DECLARED }, 'staff', []],
    ['of one declared for the site', byCertificate(OWN), { policy: AT_SITE }, 'staff', []],
    ['of another', byCertificate({ issuer: 'CN=Eve' }), { policy: DECLARED }, 'rest', ['certificate-issuer-unknown']],
    [
      'of an issuer that is not declared, where others are',
      byCertificate(),
      { policy: AT_SITE },
      'rest',
      ['certificate-issuer-unknown'],
    ],
    ['a computer account, no domains', BY_ACCOUNT, {}, 'staff', ['computer-domain-undeclared']],
    ['of a declared domain', BY_ACCOUNT, { env: { COMPUTER_DOMAINS: 'contoso' } }, 'staff', []],
    ['of another domain', BY_ACCOUNT, { env: { COMPUTER_DOMAINS: 'fabrikam' } }, 'rest', ['computer-domain-unknown']],
  ])('%s', async (_, question, given, role, problems) => {
    const { answer, explained } = await asked(question, given);
    expect(answer.decision.outcome).toMatchObject({ role });
    expect(answer.decision.problems.filter((problem) => /^c/.test(problem))).toEqual(problems);
    expect(renderJson(answer).problems).toEqual(answer.decision.problems);
    expect(explained.decision.problems).toEqual(answer.decision.problems);
  });

  test('says nothing of it where the name led to no device: then it does not count', async () => {
    const other = 'IntuneDeviceId://00000000-0000-4000-8000-000000000001';
    for (const question of [
      byCertificate({ ...OWN, sanUri: [other] }),
      { method: 'site', userName: 'CONTOSO\\LT-9999$' },
    ]) {
      const { answer } = await asked(question);
      expect(answer.decision.outcome).toMatchObject({ role: 'rest' });
      expect(answer.decision.problems.filter((problem) => problem.endsWith('-undeclared'))).toEqual([]);
    }
  });
});

describe('the doctor', () => {
  const examined = (policy: string, computerDomains?: readonly string[]) =>
    policyCheck({
      inForce: async () => readPolicy(policy, { version: 'v1' }),
      groupsRead: async () => new Set(),
      computerDomains,
    }).run();

  test('warns of each that is not declared', async () => {
    expect(await examined(RULES)).toMatchObject({
      status: 'warn',
      saw: expect.stringMatching(/certificate-issuer-undeclared.*computer-domain-undeclared/),
      action: expect.stringMatching(/certificateIssuers.*COMPUTER_DOMAINS/),
    });
    expect((await examined(DECLARED)).saw).not.toContain('certificate-issuer-undeclared');
    expect((await examined(RULES, ['contoso'])).saw).not.toContain('computer-domain-undeclared');
    expect(await examined(DECLARED, ['contoso'])).toMatchObject({ status: 'ok' });
  });

  test('takes issuers of one site for no word about the others', async () => {
    expect((await examined(AT_SITE, ['contoso'])).saw).toContain('certificate-issuer-undeclared');
  });
});
