// What one question may cost: reads do not grow with what a client writes, when it is answered and when it is decided
// again.

import { expect, test } from 'vitest';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import { builtInPolicy } from '../../../shared/domain/policy/built-in-policy.ts';
import { decideAgain } from '../../../shared/lookup/decide-again.ts';
import { walkSessions } from '../../../shared/walk-sessions.ts';
import { aDeviceOfFleet } from '../../support/a-device.ts';
import { lookupInMemory } from '../../support/lookup-in-memory.ts';
import { recordsOf } from '../../support/records-of.ts';

const MOST_READS = 64;
/** Nothing is taken from memory then. */
const MOST_READS_AGAIN = 96;
const ROLE = { name: 'r', vlan: '1', sessionTimeoutSeconds: 60 };

const fleet = Array.from({ length: 200 }, (_, n) => ({ ...aDeviceOfFleet(n + 1), udid: `abcdefabcdefabcd${n % 5}` }));

/** Everything the client names is of another device, and several devices share what they can share. */
function vpnQuestion(claims: number): object {
  const named = fleet.slice(0, claims);
  const ciscoAvPairs = named.flatMap(({ id, wifiMac }, index) => [
    `mdm-tlv=device-platform=ID:Intune:DeviceID:${id}`,
    `mdm-tlv=device-uid=abcdefabcdefabcd${index % 10}`,
    `mdm-tlv=device-mac=${wifiMac}`,
  ]);
  return {
    method: 'site',
    userName: 'host/lt-200',
    callingStationId: '203.0.113.7',
    nasPortType: 'Virtual',
    ciscoAvPairs,
  };
}

function certificateQuestion(names: number): object {
  const named = fleet.slice(0, names);
  const sanDns = named.flatMap(({ id, name }) => [`${name}.contoso.com`, `unknown-${id}`]);
  const furtherCommonNames = named.map(({ serialNumber }) => serialNumber ?? '').slice(0, 20);
  return {
    method: 'eap-tls',
    callingStationId: fleet[99]?.wifiMac,
    certificate: { commonName: 'x', furtherCommonNames, sanDns },
  };
}

test.each([
  ['a VPN client', vpnQuestion],
  ['a certificate', certificateQuestion],
])('%s that names ever more devices costs no more reads', async (_who, question) => {
  const reads: number[] = [];
  const readsAgain: number[] = [];
  for (const claims of [8, 16, 30]) {
    const nac = await lookupInMemory();
    await nac.store(...fleet);
    nac.calls.length = 0;
    await nac.ask(question(claims));
    const answered = readsOf(nac.calls);
    nac.calls.length = 0;
    const tables = nac.tables;
    const [session] = await Array.fromAsync(walkSessions(new TableSessionStore(tables.sessions, nac)));
    if (session === undefined) throw new Error('no session was kept');
    nac.calls.length = 0;
    await decideAgain(
      {
        records: recordsOf(tables),
        policies: {
          current: async () => ({
            policy: builtInPolicy(ROLE, ROLE, ['compliant'], { minimumAssurance: 'mac', weak: ROLE }),
            outgoing: [],
            since: '',
            readAt: toInstant(nac.clock.now()),
          }),
        },
        overrides: { current: async () => ({ overrides: [], isRecent: true }) },
        sweepStatus: { lastCompleteStartedAt: async () => undefined },
        clock: nac.clock,
        maxCheckInAgeMs: 30 * 24 * 3_600_000,
      },
      session,
    );
    expect(answered).toBeLessThanOrEqual(MOST_READS);
    expect(readsOf(nac.calls)).toBeLessThanOrEqual(MOST_READS_AGAIN);
    reads.push(answered);
    readsAgain.push(readsOf(nac.calls));
  }
  expect([reads[2], readsAgain[2]]).toEqual([reads[1], readsAgain[1]]);
});

function readsOf(calls: readonly string[]): number {
  return calls.filter((call) => /^(?:devices|identities)\./.test(call)).length;
}

test('a warm answer to an address that no device has reads one row where policy goes by no contradictions', async () => {
  const nac = await lookupInMemory();
  await nac.store(...fleet);
  await nac.enforce('roles: { staff: { vlan: 10 } }\nrules: [{ name: all, permit: staff }]\n');
  const certificate = { sanUri: [`IntuneDeviceId://${fleet[0]?.id}`] };
  const question = { method: 'eap-tls', callingStationId: '0c-96-e6-01-02-03', nasIpAddress: '10.1.1.1', certificate };
  await nac.ask(question);
  nac.calls.length = 0;
  await nac.ask(question);
  expect(nac.calls).toEqual(['devices.getEntity']);
});
