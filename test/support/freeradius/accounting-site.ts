// A FreeRADIUS with the shipped configuration and a connector of its own for each test, and the records that they
// exchange.

import { afterAll, expect } from 'vitest';
import { type Answering, API_KEY, type LookupStub, startLookupStub } from './lookup-stub.ts';
import { type RequestAttributes, sendAccounting } from './radclient.ts';
import { type FreeRadius, startFreeRadius } from './start-freeradius.ts';

export const TAKEN = { body: '{}', contentType: 'application/json' };
export const PERMIT = { body: 'permit role=employee vlan=20 timeout=3600 class=0123456789abcdef0123-a1' };

export const EMPTY = {
  userName: '',
  callingStationId: '',
  calledStationId: '',
  nasIpAddress: '',
  nasIpv6Address: '',
  nasIdentifier: '',
  nasPortId: '',
  nasPort: '',
  nasPortType: '',
  packetSourceIp: '127.0.0.1',
  acctSessionId: '',
  acctMultiSessionId: '',
  auditSessionId: '',
  framedIpAddress: '',
  class: '',
  delayTime: '',
  receivedTime: expect.stringMatching(/^\d{10}$/),
  sentTime: expect.stringMatching(/^\d{10}$/),
};

/** All of a record but when it was sent, which is another moment each time. */
export function withoutSentTime(body: string | undefined): string | undefined {
  return body?.replace(/"sentTime":"\d+"/, '"sentTime":""');
}

export interface Site {
  readonly connector: LookupStub;
  readonly server: FreeRadius;
  /** Sends a record which the server must answer. */
  account(attributes: RequestAttributes): Promise<void>;
  /** The records that have arrived at the connector, oldest first, their texts turned back into UTF-8. */
  records(): Record<string, string>[];
  /** Their sessions. */
  sessions(): (string | undefined)[];
}

const open = new Set<() => Promise<void>>();

/** Ends what a test leaves behind that did not come to its end in time. */
export function endSites(): void {
  afterAll(async () => {
    await Promise.all([...open].map((close) => close()));
  });
}

/** Runs `use` with a server and a connector of its own, so that the tests can wait for their spools side by side. */
export async function withSite(
  use: (site: Site) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
  answer: Answering = () => TAKEN,
): Promise<void> {
  const connector = await startLookupStub();
  connector.answer = answer;
  let server: FreeRadius | undefined;
  const close = async () => {
    open.delete(close);
    await server?.stop();
    await connector.stop();
  };
  open.add(close);
  try {
    const started = await startFreeRadius({
      baseUrl: connector.baseUrl,
      apiKey: API_KEY,
      caFile: connector.caFile,
      env,
    });
    server = started;
    const records = () =>
      connector.lookups
        .filter(({ path }) => path === '/api/accounting')
        .map(({ body }) =>
          JSON.parse(body, (_, value) =>
            typeof value === 'string' ? Buffer.from(value, 'latin1').toString('utf8') : value,
          ),
        );
    await use({
      connector,
      server,
      async account(attributes) {
        expect(await sendAccounting(started, attributes)).toBe('Accounting-Response');
      },
      records,
      sessions: () => records().map(({ acctSessionId }) => acctSessionId),
    });
  } finally {
    await close();
  }
}

export function record(session: string, status = 'Start', more: RequestAttributes = {}): RequestAttributes {
  return { 'Acct-Status-Type': status, 'Acct-Session-Id': session, 'NAS-IP-Address': '192.0.2.1', ...more };
}

export function sessionOf(body: string): string {
  return JSON.parse(body).acctSessionId;
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
