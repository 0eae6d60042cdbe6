// What a RADIUS server could not pass on whole neither opens a rule that lets in nor steps past one that rejects, and
// is reported.

import { describe, expect, test } from 'vitest';
import { aDevice } from '../../support/a-device.ts';
import { lookupInMemory } from '../../support/lookup-in-memory.ts';

const MAC = 'a0b1c2d3e4f5';
const VPN = { method: 'site', userName: 'jane@contoso.com', callingStationId: MAC };
const PAIRS = Array.from({ length: 9 }, (_, n) => `mdm-tlv=device-mac=00-11-22-33-44-5${n}`);
const LONG = `${'x'.repeat(250)}@evil.example`;

async function connector(env: Record<string, string> = {}) {
  const nac = await lookupInMemory({ MINIMUM_ASSURANCE: 'mac', ...env });
  const lastSyncAt = nac.clock.now().toISOString();
  await nac.store(aDevice({ lastSyncAt, wifiMac: MAC as never }));
  return nac;
}

const LOST: readonly [what: string, question: object][] = [
  ['pairs of a VPN client', { ciscoAvPairs: ['mdm-tlv=device-type=Latitude'], cut: ['ciscoAvPairs'] }],
  ['pairs, named in a text', { cut: 'nasPortId, ciscoAvPairs' }],
  ['more adapters than are looked at', { ciscoAvPairs: PAIRS }],
  ['the name', { cut: ['userName'] }],
];

describe('a contradiction that may have been cut off', () => {
  test.each(LOST)('with %s: the built-in policy lets no station in as compliant', async (_, more) => {
    const nac = await connector();
    expect((await nac.answerTo(VPN)).role).toBe('compliant');
    const { role, problems } = await nac.answerTo({ ...VPN, ...more });
    expect(role).toBe('quarantine');
    expect(problems).toContain('unreadable-contradiction');
  });

  test.each(LOST)('with %s: a rule that rejects takes it as there', async (_, more) => {
    const nac = await connector();
    await nac.enforce(`roles: { staff: { vlan: 10 } }
rules:
  - { name: doubt, when: { contradiction: [claim-of-another-device] }, reject: true }
  - { name: others, permit: staff }
`);
    expect((await nac.answerTo(VPN)).role).toBe('staff');
    const { role, problems } = await nac.answerTo({ ...VPN, ...more });
    expect({ role, problems }).toEqual({
      role: 'deny',
      problems: expect.arrayContaining(['unreadable-contradiction']),
    });
  });
});

test.each([
  ['userName', { userName: LONG }],
  ['nasIdentifier', { nasIdentifier: LONG }],
])('a %s that is longer than an attribute of RADIUS is not taken for its beginning', async (name, more) => {
  const nac = await connector();
  await nac.enforce(`roles: { staff: { vlan: 10 } }
rules:
  - { name: foreign, when: { ${name}: '*@evil.example' }, reject: true }
  - { name: others, permit: staff }
`);
  expect((await nac.answerTo(VPN)).role).toBe('staff');
  const { role, problems } = await nac.answerTo({ ...VPN, ...more });
  expect(role).toBe('deny');
  expect(problems).toContain(`unreadable-${name}`);
});
