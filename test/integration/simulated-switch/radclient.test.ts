// CoA to the simulated switch from radclient of FreeRADIUS, which shares no code with it.

import { describe, expect, test } from 'vitest';
import { runProgram } from '../../support/freeradius/run-program.ts';
import { BAD, connected, happened, nas, REPLIES, SECRET, STATION, useSwitch } from './switch-site.ts';

useSwitch();

describe('radclient', () => {
  async function radclient(kind: 'coa' | 'disconnect', lines: readonly string[], secret = SECRET): Promise<string> {
    const { output } = await runProgram(
      '/usr/bin/radclient',
      ['-x', '-r', '1', '-t', secret === SECRET ? '20' : '0.2', `127.0.0.1:${nas.coaPort}`, kind, secret],
      { input: `${lines.join('\n')}\n`, deadline: 40_000 },
    );
    return output;
  }
  const REAUTHENTICATE_LINE = 'Cisco-AVPair = "subscriber:command=reauthenticate"';

  test.each([
    ['without', []],
    ['with', ['Message-Authenticator = 0x00']],
  ])('%s Message-Authenticator, CoA changes the role', async (_name, more) => {
    const { auditSessionId } = await connected();
    REPLIES.lookup = { status: 200, body: BAD };
    const output = await radclient('coa', [
      ...more,
      `Calling-Station-Id = "${STATION}"`,
      `Cisco-AVPair = "audit-session-id=${auditSessionId}"`,
      REAUTHENTICATE_LINE,
    ]);
    expect(output).toContain('Received CoA-ACK');
    expect(await happened('reauthenticated')).toMatchObject({ role: 'quarantine' });
  });

  test('Disconnect ends the session', async () => {
    const { acctSessionId } = await connected();
    expect(await radclient('disconnect', [`Acct-Session-Id = "${acctSessionId}"`])).toContain(
      'Received Disconnect-ACK',
    );
    await happened('disconnected');
  });

  test('understands the refusal of an unknown session', async () => {
    const output = await radclient('coa', ['Acct-Session-Id = "nobody"', REAUTHENTICATE_LINE]);
    expect(output).toContain('Received CoA-NAK');
    expect(output).toContain('Error-Cause = Session-Context-Not-Found');
  });

  test('gets no answer with the wrong secret', async () => {
    await connected();
    const lines = [`Calling-Station-Id = "${STATION}"`, REAUTHENTICATE_LINE];
    expect(await radclient('coa', lines, 'another')).toContain('No reply from server');
    await happened('discarded');
    expect(nas.stats().coa.discarded).toEqual({ authenticator: 1 });
  });
});
