// A real FreeRADIUS in the place of a NAS: it listens for CoA-Requests and Disconnect-Requests on loopback.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freeUdpPort } from './free-udp-port.ts';
import { runFreeRadius } from './run-freeradius.ts';

export interface CoaListener {
  /** On 127.0.0.1 and ::1. What it does with a request depends on its Acct-Session-Id, see `policy`. */
  readonly port: number;
  /** Answers everything with ACK and a Message-Authenticator, which FreeRADIUS 3.2.1 computes over zeros. */
  readonly signingPort: number;
  /** Wants a Message-Authenticator and an Event-Timestamp not older or newer than 300 s. */
  readonly strictPort: number;
  readonly secret: string;
  /** From this address requests need a Message-Authenticator. */
  readonly demandingSource: string;
  output(): string;
  stop(): Promise<void>;
}

const SECRET = 'shared-with-the-nas';
const DEMANDING_SOURCE = '127.0.0.2';

/** Starts the listener and returns when it answers requests. */
export async function startCoaListener(): Promise<CoaListener> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-coa-listener-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  try {
    const { ports, server } = await runFreeRadius(async () => {
      const ports = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()] as const;
      layOut(folder, ports);
      return { ports, folder };
    });
    const [port, signingPort, strictPort] = ports;
    const stop = async () => {
      await server.stop();
      removeFolder();
    };
    return {
      port,
      signingPort,
      strictPort,
      secret: SECRET,
      demandingSource: DEMANDING_SOURCE,
      output: server.output,
      stop,
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

function layOut(folder: string, [port, signingPort, strictPort]: readonly [number, number, number]): void {
  mkdirSync(path.join(folder, 'run'), { recursive: true });
  writeFileSync(path.join(folder, 'dictionary'), '');
  writeFileSync(
    path.join(folder, 'radiusd.conf'),
    `prefix = /usr
libdir = /usr/lib/freeradius
logdir = ${folder}
run_dir = ${folder}/run
max_request_time = 30
cleanup_delay = 2
max_requests = 16384
hostname_lookups = no
proxy_requests = no
log {
	destination = stdout
}
security {
	allow_vulnerable_openssl = yes
}
thread pool {
	start_servers = 4
	max_servers = 8
	min_spare_servers = 2
	max_spare_servers = 4
	max_requests_per_server = 0
}
modules {
	expr {
	}
	always ok {
		rcode = ok
	}
	always reject {
		rcode = reject
	}
	always handled {
		rcode = handled
	}
}
client nas {
	ipaddr = 127.0.0.1
	secret = ${SECRET}
}
client nas6 {
	ipv6addr = ::1
	secret = ${SECRET}
}
client demanding {
	ipaddr = ${DEMANDING_SOURCE}
	secret = ${SECRET}
	require_message_authenticator = yes
}
server coa {
${listen(port, 'ipaddr = 127.0.0.1')}${listen(port, 'ipv6addr = ::1')}${POLICY}}
server coa-signing {
${listen(signingPort, 'ipaddr = 127.0.0.1')}	recv-coa {
		ok
	}
	send-coa {
		update reply {
			&Message-Authenticator := 0x00
		}
		ok
	}
}
server coa-strict {
${listen(strictPort, 'ipaddr = 127.0.0.1')}	recv-coa {
		if (!&Message-Authenticator) {
			handled
		}
		if (!&Event-Timestamp) {
			update reply {
				&Error-Cause := Missing-Attribute
			}
			reject
		}
		# Squared: a negative difference would count as a large one.
		if ("%{expr:(%l - %{integer:Event-Timestamp}) * (%l - %{integer:Event-Timestamp})}" > 90000) {
			handled
		}
		ok
	}
	send-coa {
		ok
	}
}
`,
  );
}

function listen(port: number, address: string): string {
  return `	listen {
		type = coa
		${address}
		port = ${port}
	}
`;
}

/**
 * The session id says what becomes of the request; a presence test comes first, as an absent attribute ends a
 * condition.
 */
const POLICY = `	recv-coa {
		if (!&Acct-Session-Id && !&Calling-Station-Id) {
			update reply {
				&Error-Cause := Missing-Attribute
			}
			reject
		}
		elsif (&NAS-IP-Address && (&NAS-IP-Address != 192.0.2.10)) {
			update reply {
				&Error-Cause := NAS-Identification-Mismatch
			}
			reject
		}
		elsif (&Acct-Session-Id && (&Acct-Session-Id =~ /^cause-([0-9]+)$/)) {
			update reply {
				&Error-Cause := "%{1}"
			}
			reject
		}
		elsif (&Acct-Session-Id && (&Acct-Session-Id == "no-cause")) {
			reject
		}
		elsif (&Acct-Session-Id && (&Acct-Session-Id == "silent")) {
			handled
		}
		elsif (&Acct-Session-Id && (&Acct-Session-Id == "slow")) {
			update control {
				&Tmp-String-0 := \`/bin/sleep 0.7\`
			}
			ok
		}
		elsif (&Calling-Station-Id && (&Calling-Station-Id == "02-00-00-00-00-01")) {
			ok
		}
		elsif (&Acct-Session-Id && (&Acct-Session-Id =~ /^live-/)) {
			ok
		}
		else {
			update reply {
				&Error-Cause := Session-Context-Not-Found
			}
			reject
		}
	}
	send-coa {
		ok
	}
`;
