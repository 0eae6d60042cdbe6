// The answer for rlm_rest, decoded by a real FreeRADIUS: what it makes attributes of, and what it must never expand.

import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from '../../shared/domain/policy/decision.ts';
import { REPLY_ATTRIBUTES } from '../../shared/domain/policy/reply-attributes.ts';
import { renderRlmRest } from '../../shared/lookup/render-rlm-rest.ts';
import { freeUdpPort } from '../support/freeradius/free-udp-port.ts';
import { type RunningFreeRadius, runFreeRadius } from '../support/freeradius/run-freeradius.ts';
import { runProgram } from '../support/freeradius/run-program.ts';

const SECRET = 'shared-with-the-switch';
const DECISION_ID = '0123456789abcdef0123-mhz3k0001a2b3c4d';
const DICTIONARY = join(import.meta.dirname, '../../infra/freeradius/dictionary.nac');

let folder: string;
let http: Server;
let radius: RunningFreeRadius;
let authPort: number;
let outcome: Outcome;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nac-rlm-rest-'));
  http = createServer((_request, response) => {
    const decision = { id: DECISION_ID, outcome } as Parameters<typeof renderRlmRest>[0]['decision'];
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(renderRlmRest({ decision, sessionTimeoutSeconds: 27_531, policyAgeSeconds: 0 })));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'dictionary'), `$INCLUDE ${DICTIONARY}\n`);
  ({ server: radius, authPort } = await runFreeRadius(async () => {
    const port = await freeUdpPort();
    writeFileSync(join(folder, 'radiusd.conf'), configuration((http.address() as AddressInfo).port, port));
    return { folder, authPort: port };
  }));
});

afterAll(async () => {
  await radius?.stop();
  http?.close();
  http?.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

/** The least a FreeRADIUS needs to ask, and an explicit permit required. */
function configuration(httpPort: number, radiusPort: number): string {
  return `
name = nac
libdir = /usr/lib/freeradius
raddbdir = ${folder}
run_dir = ${folder}/run
logdir = ${folder}
log {
  destination = stdout
}
modules {
  exec {
    wait = yes
    timeout = 5
  }
  rest {
    authorize {
      uri = "http://127.0.0.1:${httpPort}/api/lookup?format=rlm_rest"
      method = 'post'
      body = 'json'
      data = '{}'
    }
  }
}
instantiate {
  exec
}
client switch {
  ipaddr = 127.0.0.1
  secret = ${SECRET}
}
server nac {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = ${radiusPort}
  }
  authorize {
    rest
    if (&control:NAC-Decision == 'permit') {
      update control {
        Auth-Type := Accept
      }
    }
    else {
      update control {
        Auth-Type := Reject
      }
    }
  }
}
`;
}

/** What radclient prints of the reply. */
async function replyOf(answer: Outcome): Promise<string> {
  outcome = answer;
  const words = ['-x', '-r', '1', '-t', '10', `127.0.0.1:${authPort}`, 'auth', SECRET];
  const { output } = await runProgram('/usr/bin/radclient', words, {
    input: 'User-Name = "alice"\n',
    deadline: 15_000,
  });
  return output.slice(output.indexOf('Received'));
}

const PERMIT = { verdict: 'permit', role: 'staff', vlan: '20' } as const;

test('makes VLAN, role, time and Class of a permit, and has the NAS ask again at the end', async () => {
  const reply = await replyOf(PERMIT);
  for (const line of [
    'Access-Accept',
    'Tunnel-Type:0 = VLAN',
    'Tunnel-Medium-Type:0 = IEEE-802',
    'Tunnel-Private-Group-Id:0 = "20"',
    'Filter-Id = "staff"',
    'Session-Timeout = 27531',
    'Termination-Action = RADIUS-Request',
    `Class = 0x${Buffer.from(DECISION_ID).toString('hex')}`,
  ]) {
    expect(reply).toContain(line);
  }
  expect(reply).not.toContain('NAC-');
});

test('rejects on a deny', async () => {
  expect(await replyOf({ verdict: 'deny' })).toContain('Access-Reject');
});

test('sends every attribute that a policy may add, each value of it', async () => {
  const attributes = Object.fromEntries(
    Object.entries(REPLY_ATTRIBUTES).map(([name, type]) => [name, type === 'number' ? [7] : ['one', 'two']]),
  );
  const reply = await replyOf({ ...PERMIT, attributes });
  for (const [name, type] of Object.entries(REPLY_ATTRIBUTES)) {
    const values = type === 'number' ? ['7'] : ['"one"', '"two"'];
    for (const value of values) expect(reply, name).toMatch(new RegExp(`\\b${name} = (${value}|\\w+)\n`));
  }
});

test('expands nothing, whatever stands in a value', async () => {
  const touched = join(folder, 'touched');
  const hostile = [`%{exec:/usr/bin/touch ${touched}}`, '%{User-Name}', '"; rm -rf', '`id`', 'Zürich\n%{'];
  const reply = await replyOf({
    ...PERMIT,
    acl: `%{exec:/usr/bin/touch ${touched}}`,
    attributes: { 'Cisco-AVPair': hostile },
  });
  expect(reply).toContain('Access-Accept');
  expect(reply).toContain('%{exec:/usr/bin/touch');
  expect(reply).toContain('Cisco-AVPair = "%{User-Name}"');
  expect(existsSync(touched)).toBe(false);
});
