// Table Storage on this machine: Microsoft's emulator Azurite inside this process, in memory, on a port of its own.

import { createRequire, Module } from 'node:module';

/** The development account that every Azure storage emulator and SDK knows; it opens nothing but emulators. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface LocalTableStorage {
  readonly port: number;
  readonly connectionString: string;
  close(): Promise<void>;
}

interface TableServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}

/** @param port 0 for one that is free */
export async function startTableStorage(port = 0): Promise<LocalTableStorage> {
  const server = createTableServer(port);
  await server.start();
  const actual = Number(new URL(server.getHttpServerAddress()).port);
  return {
    port: actual,
    connectionString: connectionString(actual),
    close: () => server.close(),
  };
}

export function connectionString(port: number): string {
  return (
    `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};` +
    `TableEndpoint=http://127.0.0.1:${port}/${ACCOUNT};`
  );
}

/**
 * The command line tool cannot tell which free port it took, so the server is made from Azurite's own classes. Their
 * arguments are positional and not a public interface: the package's version is pinned.
 */
function createTableServer(port: number): TableServer {
  const require = createRequire(import.meta.url);
  leaveOutTelemetry(require);
  const { default: TableConfiguration } = require('azurite/dist/src/table/TableConfiguration.js');
  const { default: Server } = require('azurite/dist/src/table/TableServer.js');
  const keepAliveSeconds = 60;
  const off = false;
  const skipApiVersionCheck = true;
  const inMemory = true;
  return new Server(
    new TableConfiguration(
      '127.0.0.1',
      port,
      keepAliveSeconds,
      'unused',
      off, // debug log
      off, // access log
      undefined,
      undefined,
      off, // loose mode
      skipApiVersionCheck,
      '', // certificate, key and password: plain HTTP on loopback
      '',
      '',
      undefined,
      off, // product style URLs
      inMemory,
    ),
  );
}

/**
 * What Azurite would report to its makers with is never switched on here, but is loaded with its classes: Application
 * Insights and all that it rests on, a second of a processor.
 */
function leaveOutTelemetry(require: NodeJS.Require): void {
  const file = require.resolve('azurite/dist/src/common/Telemetry.js');
  if (require.cache[file] !== undefined) return;
  const replacement = new Module(file);
  replacement.exports = { AzuriteTelemetryClient: { TraceRequest() {} } };
  require.cache[file] = replacement;
}
