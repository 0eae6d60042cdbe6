// `GET /healthz`: what the relay is doing, for what watches it; `GET /metrics` for a Prometheus server, on request.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CoaReport } from '../shared/domain/coa-job.ts';
import type { Instant } from '../shared/domain/instant.ts';
import type { BrakeHealth } from './coa-brake.ts';
import type { RelayState } from './hold-session-lock.ts';
import type { CertificateHealth } from './relay-certificate.ts';
import { RelayError } from './relay-error.ts';

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface RelayHealth {
  readonly site: string;
  readonly relay: string;
  readonly state: RelayState;
  readonly since: Instant;
  readonly jobsUnderWay: number;
  readonly jobsWaiting: number;
  readonly reportsPending: number;
  readonly brake: BrakeHealth;
  /** Absent where it signs in otherwise. */
  readonly certificate?: CertificateHealth;
  readonly lastReport?: Pick<CoaReport, 'jobId' | 'attempt' | 'stage' | 'outcome' | 'at'>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * 200 for a relay that works or stands by, 503 for one that does not reach Service Bus.
 * @param scraped what `/metrics` says; absent where relay.yaml does not ask for it
 * @throws RelayError if the port cannot be had
 */
export async function startHealthServer(
  { address, port }: { readonly address: string; readonly port: number },
  health: () => RelayHealth,
  scraped?: { text(): Promise<string> },
): Promise<HealthServer> {
  const server = createServer((request, answer) => {
    const send = (status: number, body: object): void => {
      answer.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      answer.end(`${JSON.stringify(body)}\n`);
    };
    const isMetrics = scraped !== undefined && request.url === '/metrics';
    if (request.url !== '/healthz' && !isMetrics) {
      return send(404, { error: scraped ? 'Only /healthz and /metrics are here.' : 'Only /healthz is here.' });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, { error: 'Only GET is answered.' });
    if (isMetrics) {
      const failed = (error: unknown): void => send(500, { error: String(error) });
      return void scraped.text().then((text) => {
        answer.writeHead(200, { 'content-type': PROMETHEUS_CONTENT_TYPE, 'cache-control': 'no-store' });
        answer.end(text);
      }, failed);
    }
    const now = health();
    send(now.state === 'connecting' ? 503 : 200, now);
  });
  server.requestTimeout = 5000;
  server.listen(port, address);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : 'unknown error';
    throw new RelayError(
      'NAC_RELAY_HEALTHZ',
      `The health endpoint cannot listen on ${address} port ${port}: ${reason}`,
      {
        action: 'Choose another port or address for healthz in relay.yaml, or end what uses it.',
        cause,
      },
    );
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
