// A simulated Intune tenant and a client that asks it over HTTPS, for the tests beside this file.

import type { JWK } from 'jose';
import { Agent, request } from 'undici';
import { beforeAll, expect } from 'vitest';
import { type ClientCertificate, createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import {
  type IntuneTenant,
  type IntuneTenantOptions,
  startIntuneTenant,
} from '../../../local/intune-tenant/intune-tenant.ts';

export const INTUNE_SCOPE = 'https://api.manage.microsoft.com//.default';
export const PUBLIC_GRAPH_SCOPE = 'https://graph.microsoft.com/.default';
export const INTUNE_APP_ID = '0000000a-0000-0000-c000-000000000000';
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export let certificate: ClientCertificate;
export let tenant: IntuneTenant;
export let agent: Agent;

/** A certificate of the application, for all tests of a file. */
export function useCertificate(): void {
  beforeAll(async () => {
    certificate = await createClientCertificate();
  });
}

export async function start(options: IntuneTenantOptions = {}): Promise<void> {
  tenant = await startIntuneTenant({ clientCertificatePem: certificate.certificatePem, fleetSize: 25, ...options });
  agent = new Agent({ connect: { ca: tenant.caPem } });
}

export async function stop(): Promise<void> {
  await agent.destroy();
  await tenant.close();
}

/** The members of all the answers that the tests look into; each answer has some of them. */
export interface AnswerBody {
  readonly access_token: string;
  readonly token_endpoint: string;
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly keys: JWK[];
  readonly error_codes: readonly number[];
  readonly error_description: string;
  /** Of Graph; the authority's is a word. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly innerError: Readonly<Record<string, string>>;
  };
  readonly '@odata.context': string;
  readonly '@odata.count': number;
  readonly '@odata.nextLink': string;
  readonly value: readonly Readonly<Record<string, string>>[];
  readonly total: number;
  readonly id: string;
  readonly deviceName: string;
  readonly ethernetMacAddress: string;
  readonly lastSyncDateTime: string;
  readonly managementState: string;
  readonly code: string;
  readonly message: string;
  readonly requests: Readonly<Record<string, number>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: AnswerBody;
}

export async function ask(url: string, options: Parameters<typeof request>[1] = {}): Promise<Answer> {
  const answer = await request(url, { dispatcher: agent, ...options });
  const text = await answer.body.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.statusCode, headers: answer.headers, text, json: json as AnswerBody };
}

export function control(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  return ask(`${tenant.controlUrl}${path}`, { method, ...content });
}

export function askForToken(form: Readonly<Record<string, string>>, tenantId = tenant.tenantId): Promise<Answer> {
  return ask(`${tenant.authorityHost}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
}

export function secretForm(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_id: tenant.clientId,
    client_secret: tenant.clientSecret,
    scope: `${tenant.graphUrl}/.default`,
    ...changes,
  };
}

export function without(form: Readonly<Record<string, string>>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(form).filter(([name]) => !names.includes(name)));
}

export async function tokenFor(scope: string): Promise<string> {
  const answer = await askForToken(secretForm({ scope }));
  expect(answer.status).toBe(200);
  return answer.json.access_token;
}

export function graph(path: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return ask(`${tenant.graphUrl}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });
}

export const tenantModule = new URL('../../../local/intune-tenant/intune-tenant.ts', import.meta.url).href;
export const DEVICES_PATH = '/v1.0/deviceManagement/managedDevices';

/** All device names, page by page, with something done between the pages. */
export async function pageNames(token: string, query: string, between?: (page: number) => void): Promise<string[][]> {
  const pages: string[][] = [];
  let url: string | undefined = `${tenant.graphUrl}${DEVICES_PATH}${query}`;
  while (url !== undefined) {
    const answer: Answer = await ask(url, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    expect(answer.json['@odata.count']).toBe(answer.json.value.length);
    pages.push(answer.json.value.map((device) => device['deviceName'] ?? ''));
    url = answer.json['@odata.nextLink'];
    between?.(pages.length);
  }
  return pages;
}
