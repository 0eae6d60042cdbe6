// Places, names and rows as NASes, proxies and other programs may write them: no station is lost to enforcement by any
// of it.

import { describe, expect, test } from 'vitest';
import { canonicalAddress } from '../../../shared/domain/ip-address.ts';
import { isConnected } from '../../../shared/domain/session/session-life.ts';
import { MemoryNetwork, MINUTE_MS } from '../../support/memory-network.ts';

const MAC = 'A0-B1-C2-D3-00-01';
const MAB = { method: 'mab', userName: MAC, callingStationId: MAC, nasPortId: 'Gi1/0/1' };

async function started(): Promise<{ network: MemoryNetwork; device: string }> {
  const network = await MemoryNetwork.start();
  const device = network.put(1);
  await network.poll();
  return { network, device };
}

/** The device turns. @returns where CoAs go */
async function coasAfterTurn(network: MemoryNetwork, device: string) {
  network.put(1, { id: device, complianceState: 'noncompliant' });
  await network.poll();
  await network.enforce();
  return network.takeJobs();
}

describe('an address', () => {
  test.each([
    ['10.1.1.1', '10.1.1.1'],
    [' 10.1.1.1 ', '10.1.1.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:10.1.1.1', '10.1.1.1'],
    ['0:0:0:0:0:ffff:0a01:0101', '10.1.1.1'],
  ])('%j is one notation: %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  test.each([
    '0.0.0.0',
    '::',
    '',
    '10.1.1',
    '10.1.1.256',
    '10.1.1.1.',
    '1:2',
    'switch-a',
    '[::1]',
    '::1]#',
    'fe80::1/64',
  ])('%j names no machine', (text) => {
    expect(canonicalAddress(text)).toBeUndefined();
  });

  test('of a NAS in another notation in accounting is the same NAS', async () => {
    const { network, device } = await started();
    const place = { nasIpAddress: undefined, nasIpv6Address: '2001:db8::1' };
    const { decision } = await network.ask({ ...MAB, ...place });
    const record = { callingStationId: 'a0b1.c2d3.0001', acctSessionId: 'A-1', nasPortId: 'Gi1/0/1' };
    await network.account({ ...record, status: 'Start', nasIpAddress: undefined, nasIpv6Address: '2001:DB8:0:0::1' });
    const sessions = await network.sessions.listStation(decision.id.slice(0, 14));
    expect(sessions.map(({ accounting }) => accounting?.status)).toEqual(['started']);
    const [coa] = await coasAfterTurn(network, device);
    expect(coa).toMatchObject({ nas: { nasIpv6Address: '2001:db8::1' }, session: { acctSessionId: 'A-1' } });
  });

  test('that is none does not keep a CoA from its NAS', async () => {
    const { network, device } = await started();
    const place = { nasIpAddress: 'switch-a.example', nasIdentifier: 'switch-a', packetSourceIp: '::ffff:10.1.1.1' };
    await network.ask({ ...MAB, ...place });
    const record = { callingStationId: MAC, acctSessionId: 'A-1', nasPortId: 'Gi1/0/1', framedIpAddress: 'fe80::5' };
    await network.account({ ...record, ...place, status: 'Start' });
    const [coa] = await coasAfterTurn(network, device);
    expect(coa?.nas).toEqual({ nasIdentifier: 'switch-a', packetSourceIp: '10.1.1.1' });
    expect(coa?.session.framedIpAddress).toBeUndefined();
  });
});

describe('two NASes with one address', () => {
  const [first, second] = ['a', 'b'].map((name) => ({
    nasIpAddress: '192.168.0.1',
    nasIdentifier: `switch-${name}`,
    packetSourceIp: '10.1.1.254',
  }));

  test('are two places: a login at the one does not hide the other', async () => {
    const { network, device } = await started();
    await network.ask({ ...MAB, ...first });
    await network.pass(10 * MINUTE_MS);
    await network.ask({ ...MAB, method: 'site', userName: 'mallory', ...second });
    const coas = await coasAfterTurn(network, device);
    expect(coas.map(({ nas }) => nas.nasIdentifier)).toContain('switch-a');
  });

  test('behind one proxy: the restart of one ends no session of the other', async () => {
    const { network, device } = await started();
    const proxied = { nasIpAddress: '10.1.1.254', packetSourceIp: '10.1.1.254' };
    await network.ask({ ...MAB, ...proxied, nasIdentifier: 'switch-a' });
    await network.pass(10 * MINUTE_MS);
    await network.account({ status: 'Accounting-On', ...proxied, nasIdentifier: 'switch-b' });
    expect(await coasAfterTurn(network, device)).toHaveLength(1);
  });

  test('its own restart ends them, with or without its name', async () => {
    for (const nasIdentifier of ['switch-a', undefined]) {
      const { network, device } = await started();
      await network.ask({ ...MAB, ...first, packetSourceIp: '192.168.0.1' });
      await network.pass(10 * MINUTE_MS);
      const nas = { nasIpAddress: '192.168.0.1', packetSourceIp: '192.168.0.1', nasIdentifier };
      await network.account({ status: 'Accounting-On', ...nas });
      expect(await coasAfterTurn(network, device)).toEqual([]);
    }
  });
});

describe('a NAS known by NAS-Identifier alone', () => {
  const nas = { nasIpAddress: undefined, nasIdentifier: 'ap-7', packetSourceIp: '10.1.1.9' };

  test('is enforced, and its sessions are over when it restarts', async () => {
    const { network, device } = await started();
    await network.ask({ ...MAB, ...nas });
    const [coa] = await coasAfterTurn(network, device);
    expect(coa?.nas).toEqual({ nasIdentifier: 'ap-7', packetSourceIp: '10.1.1.9' });
    await network.pass(10 * MINUTE_MS);
    await network.account({ status: 'Accounting-On', ...nas });
    await network.enforce();
    expect((await network.jobs()).map(({ stage }) => stage)).toEqual(['ended']);
  });

  test('that says so from elsewhere ends nothing', async () => {
    const { network, device } = await started();
    await network.ask({ ...MAB, ...nas });
    await network.pass(10 * MINUTE_MS);
    await network.account({ status: 'Accounting-On', ...nas, packetSourceIp: '10.6.6.6' });
    expect(await coasAfterTurn(network, device)).toHaveLength(1);
  });
});

describe('names of sessions that a NAS uses again', () => {
  const record = { callingStationId: MAC, nasPortId: 'Gi1/0/1' };

  test('after it restarted without a word: its first Start after an answer counts', async () => {
    const { network, device } = await started();
    await network.ask(MAB);
    await network.account({ ...record, status: 'Start', acctSessionId: '1' });
    await network.account({ ...record, status: 'Stop', acctSessionId: '1' });
    await network.ask(MAB);
    await network.account({ ...record, status: 'Start', acctSessionId: '2' });
    // The next answer is written.
    await network.pass(6 * MINUTE_MS);
    await network.ask(MAB);
    await network.account({ ...record, status: 'Start', acctSessionId: '1' });
    const [coa] = await coasAfterTurn(network, device);
    expect(coa?.session.acctSessionId).toBe('1');
  });

  test('the Stop that comes before its Start ends the session all the same', async () => {
    const { network } = await started();
    const { decision } = await network.ask(MAB);
    const now = Math.floor(network.time.now / 1000);
    const stamped = (at: number) => ({ eventTime: String(at), class: decision.id, acctSessionId: '1' });
    await network.account({ ...record, status: 'Stop', ...stamped(now + 1) });
    await network.account({ ...record, status: 'Start', ...stamped(now) });
    const session = await network.sessions.read(decision.id.slice(0, 20));
    expect(session && isConnected(session, network.now)).toBe(false);
  });
});

describe('accounting that names the station by User-Name alone', () => {
  test.each(['a0b1c2d30001', 'A0:B1:C2:D3:00:01', 'a0b1.c2d3.0001'])('%s', async (userName) => {
    const { network, device } = await started();
    await network.ask(MAB);
    await network.account({ status: 'Start', userName, acctSessionId: 'A-1', nasPortId: 'Gi1/0/1' });
    const [coa, ...others] = await coasAfterTurn(network, device);
    expect(others).toEqual([]);
    expect(coa?.session.acctSessionId).toBe('A-1');
  });
});

describe('a row of sessions with JSON of another shape', () => {
  test.each([
    ['accounting that is null', { accounting: 'null' }],
    ['accounting that is a list', { accounting: '[]' }],
    ['accounting without NAS', { accounting: '{"status":"started","at":"2026-11-30T08:00:00.000Z"}' }],
    ['an answer that is null', { answer_c0ffee00: 'null' }],
    [
      'an answer without outcome',
      { answer_c0ffee00: '{"decision":{"decidedAt":"2026-11-30T08:00:00.000Z"},"presented":{}}' },
    ],
    ['an answer that is a number', { answer_c0ffee00: '7' }],
  ])('%s: other sessions are compared, found and listed', async (_what, columns) => {
    const { network, device } = await started();
    const { decision } = await network.ask(MAB);
    const damaged = await network.ask({ ...MAB, nasPortId: 'Gi1/0/2' });
    const partitionKey = `p${decision.id.charAt(0)}`;
    const rowKey = `s|${damaged.decision.id.slice(0, 20)}`;
    await network.tables.sessions.updateEntity({ partitionKey, rowKey, ...columns }, 'Merge');
    expect(await coasAfterTurn(network, device)).toHaveLength(1);
    await network.sweep();
    await network.enforce();
    expect(network.log.map(({ event }) => event)).toContain('enforcement.compared');
    await network.account({ status: 'Accounting-On', packetSourceIp: '10.1.1.1' });
    await network.account({ status: 'Interim-Update', class: damaged.decision.id, nasPortId: 'Gi1/0/2' });
  });
});

test('decisions with JSON of another shape are passed over when they are listed', async () => {
  const { network } = await started();
  const { decision } = await network.ask(MAB);
  const rows = network.storage.dump('sessions').filter(({ rowKey }) => rowKey.startsWith('h|'));
  const [{ partitionKey, rowKey } = { partitionKey: '', rowKey: '' }] = rows;
  for (const [index, record] of ['', 'null', '[]', '{"site":"hq"}', '{'].entries()) {
    await network.tables.sessions.createEntity({ partitionKey, rowKey: `${rowKey}${index}`, site: 'hq', record });
  }
  const listed = await network.decisions.list({ filter: {}, sites: 'every', limit: 50 });
  expect(listed.decisions.map((one) => one.decision.id)).toEqual([decision.id]);
});
