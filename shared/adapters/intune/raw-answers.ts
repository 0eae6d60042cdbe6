// Answers of Graph and of the Compliance Retrieval service exactly as they came, for people to look at.

import { randomUUID } from 'node:crypto';
import type { RawAnswer, RawAnswers } from '../../ports/raw-answers.ts';
import type { TokenSource } from '../entra/token-source.ts';
import type { ServiceDiscovery } from '../graph/service-discovery.ts';
import type { HttpsTransport } from '../https/https-transport.ts';
import { complianceDevicesUrl } from './compliance-retrieval.ts';

export interface RawAnswersDeps {
  readonly transport: HttpsTransport;
  readonly tokens: TokenSource;
  readonly discovery: ServiceDiscovery;
  readonly graphEndpoint: string;
  readonly intuneAudience: string;
}

export function createRawAnswers(deps: RawAnswersDeps): RawAnswers {
  const get = async (url: string, resource: string, accept: string): Promise<RawAnswer> => {
    const token = await deps.tokens.getToken(resource);
    const headers = { authorization: `Bearer ${token}`, accept, 'client-request-id': randomUUID() };
    const { status, body } = await deps.transport.send('GET', url, headers);
    return { url, status, body };
  };
  return {
    graph: (path) => get(`${deps.graphEndpoint}/v1.0${path}`, deps.graphEndpoint, 'application/json'),
    compliance: async (query) =>
      get(complianceDevicesUrl(await deps.discovery.find(), query), deps.intuneAudience, 'application/xml'),
  };
}
