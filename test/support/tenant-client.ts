// A client of the simulated Intune tenant that speaks HTTPS to it as a connector would, and a clock for the tenant.

import { Agent, request } from 'undici';
import {
  type IntuneTenant,
  type IntuneTenantOptions,
  startIntuneTenant,
} from '../../local/intune-tenant/intune-tenant.ts';

export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const DEVICES_PATH = '/v1.0/deviceManagement/managedDevices';

export interface TenantAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body; undefined when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: every answer has another shape, and tests assert it.
  readonly json: any;
}

export interface TenantClient extends AsyncDisposable {
  readonly tenant: IntuneTenant;
  readonly agent: Agent;
  ask(url: string, options?: Parameters<typeof request>[1]): Promise<TenantAnswer>;
  askForToken(form: Readonly<Record<string, string>>, tenantId?: string): Promise<TenantAnswer>;
  /** A token by secret. */
  token(scope?: string): Promise<string>;
  intuneToken(): Promise<string>;
  /** An address of the tenant, or a path below it, with a fresh token for Graph unless one is given. */
  graph(
    pathOrUrl: string,
    options?: Parameters<typeof request>[1] & { readonly token?: string },
  ): Promise<TenantAnswer>;
  control(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<TenantAnswer>;
}

export async function startTenantClient(options: IntuneTenantOptions = {}): Promise<TenantClient> {
  const tenant = await startIntuneTenant({ fleetSize: 25, ...options });
  const agent = new Agent({ connect: { ca: tenant.caPem } });
  const ask: TenantClient['ask'] = async (url, asked = {}) => {
    const answer = await request(url, { dispatcher: agent, ...asked });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text, json: parsed(text) };
  };
  const askForToken: TenantClient['askForToken'] = (form, tenantId = tenant.tenantId) =>
    ask(`${tenant.authorityHost}/${tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  const token = async (scope = `${tenant.audiences.graph}/.default`): Promise<string> => {
    const { status, json } = await askForToken({
      grant_type: 'client_credentials',
      client_id: tenant.clientId,
      client_secret: tenant.clientSecret,
      scope,
    });
    if (status !== 200) {
      throw new Error(`the tenant gave no token: ${JSON.stringify(json)}`);
    }
    return json.access_token;
  };
  return {
    tenant,
    agent,
    ask,
    askForToken,
    token,
    intuneToken: () => token(`${tenant.audiences.intune}/.default`),
    async graph(pathOrUrl, { token: given, ...asked } = {}) {
      const bearer = given ?? (await token());
      const url = pathOrUrl.startsWith('https:') ? pathOrUrl : `${tenant.graphUrl}${pathOrUrl}`;
      return ask(url, { ...asked, headers: { authorization: `Bearer ${bearer}`, ...asked.headers } });
    },
    control: (method, path, body) =>
      ask(`${tenant.controlUrl}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
    async [Symbol.asyncDispose]() {
      await agent.destroy();
      await tenant.close();
    },
  };
}

export interface TenantClock {
  now: Date;
  advance(seconds: number): void;
}

/** A tenant's clock that stands still until it is moved. */
export function tenantClock(start = '2026-03-01T10:00:00Z'): TenantClock {
  return {
    now: new Date(start),
    advance(seconds) {
      this.now = new Date(this.now.getTime() + seconds * 1000);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
