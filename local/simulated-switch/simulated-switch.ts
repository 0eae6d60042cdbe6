// A simulated access switch together with the RADIUS proxy in front of the connector: it plugs stations in, asks the
// lookup about them, sends accounting, and obeys CoA and Disconnect (RFC 5176) the way a Cisco switch does.

import { createServer } from 'node:http';
import { httpExchange } from '../intune-tenant/http-exchange.ts';
import { listenForHttp } from '../intune-tenant/http-listener.ts';
import { AccountingSpool } from './accounting-spool.ts';
import { CoaBehaviours } from './coa-behaviour.ts';
import { type CoaCounts, startCoaListener } from './coa-listener.ts';
import { openConnectorClient, type RadiusFields } from './connector-client.ts';
import { judgeCoaRequest } from './judge-coa-request.ts';
import type { StationSession } from './station-session.ts';
import { StationSessions } from './station-sessions.ts';
import { answerSwitchControl } from './switch-control-port.ts';
import type { SwitchEvent, TellSwitchEvent } from './switch-event.ts';

export interface SimulatedSwitchOptions {
  /** NAS-Identifier; `switch-1` by default. */
  readonly name?: string;
  /** Of the function app, without `/api`: `https://localhost:7071`. */
  readonly lookupUrl: string;
  /** PEM file with the authority that vouches for the connector. */
  readonly caFile: string;
  readonly apiKey: string;
  /** Shared with the sender of CoA. */
  readonly coaSecret: string;
  /** UDP port on 127.0.0.1; 0, the default, takes a free one. */
  readonly coaPort?: number;
  /** HTTP port of the control port; 0, the default, takes a free one. */
  readonly controlPort?: number;
  /** IPv4 address by which the switch names itself; 127.0.0.1 by default. It listens on 127.0.0.1 whatever it says. */
  readonly nasIpAddress?: string;
  /** Milliseconds after which accounting that could not be delivered is tried again; 1000 by default. */
  readonly accountingRetryMs?: number;
  /** Milliseconds after which a re-authentication without an answer is tried again; never by default. */
  readonly lookupRetryMs?: number;
  readonly log?: (line: SwitchEvent) => void;
}

export interface SimulatedSwitchStats {
  readonly sessions: number;
  readonly coa: CoaCounts;
}

export interface SimulatedSwitch {
  readonly coaPort: number;
  readonly controlUrl: string;
  sessions(): readonly StationSession[];
  stats(): SimulatedSwitchStats;
  /** Breaks off whatever is under way and leaves no handle open; sessions end without a word, as in a power cut. */
  close(): Promise<void>;
}

/** @throws the system's error if the authority cannot be read or a port is taken */
export async function startSimulatedSwitch(options: SimulatedSwitchOptions): Promise<SimulatedSwitch> {
  const started = new AsyncDisposableStack();
  try {
    return await startParts(options, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function startParts(options: SimulatedSwitchOptions, started: AsyncDisposableStack): Promise<SimulatedSwitch> {
  const { name = 'switch-1', nasIpAddress = '127.0.0.1', log = () => {} } = options;
  let closed: Promise<void> | undefined;
  const tell: TellSwitchEvent = (event) => {
    // What fails because it is broken off is no news.
    if (closed === undefined) log({ ...event, switch: name, at: new Date().toISOString() });
  };

  const connector = await openConnectorClient({
    url: options.lookupUrl,
    caFile: options.caFile,
    apiKey: options.apiKey,
  });
  const spool = new AccountingSpool({
    deliver: (record) => connector.account(record),
    delayed: (record, message) => tell({ event: 'accounting-delayed', ...recordNames(record), message }),
    refused: (record, message) => tell({ event: 'accounting-refused', ...recordNames(record), message }),
    retryMs: options.accountingRetryMs ?? 1000,
  });
  const stations = new StationSessions({
    name,
    nasIpAddress,
    lookup: (fields) => connector.lookup(fields),
    account: (record) => spool.add(record),
    ...(options.lookupRetryMs !== undefined && { lookupRetryMs: options.lookupRetryMs }),
    tell,
  });
  started.defer(async () => {
    const spoolClosed = spool.close();
    await connector.close();
    await spoolClosed;
    await stations.settled();
  });

  const behaviours = new CoaBehaviours();
  const coa = await startCoaListener({
    port: options.coaPort ?? 0,
    secret: options.coaSecret,
    behaviours,
    judge: (request) => judgeCoaRequest(request, { name, nasIpAddress, sessions: stations.list() }),
    act: ({ action, session }) => {
      void (action === 'reauthenticate' ? stations.reauthenticate(session) : stations.dropAndReconnect(session));
    },
    tell,
  });
  started.defer(() => coa.close());

  const stats = (): SimulatedSwitchStats => ({ sessions: stations.list().length, coa: coa.counts() });
  const server = createServer((request, response) => {
    void answerSwitchControl(httpExchange(request, response), { stations, behaviours, stats });
  });
  const control = await listenForHttp(server, options.controlPort ?? 0, '127.0.0.1');
  started.defer(() => control.close());

  return {
    coaPort: coa.port,
    controlUrl: `http://127.0.0.1:${control.port}`,
    sessions: () => stations.list(),
    stats,
    close() {
      closed ??= started.disposeAsync();
      return closed;
    },
  };
}

function recordNames({ status = '', callingStationId = '', acctSessionId = '' }: RadiusFields) {
  return { status, mac: callingStationId, acctSessionId };
}
