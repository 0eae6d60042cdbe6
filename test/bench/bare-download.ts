// The bare limit of a sweep: fetches every page and parses it, and nothing else.

import { Agent, request } from 'undici';
import { MANAGED_DEVICE_PROPERTIES } from '../../shared/adapters/intune/managed-device.ts';

export interface BenchTenant {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authorityHost: string;
  readonly graphUrl: string;
  readonly caPem: string;
}

interface Page {
  readonly '@odata.nextLink'?: string;
}

/** @returns seconds */
export async function downloadAll(tenant: BenchTenant): Promise<number> {
  const dispatcher = new Agent({ connect: { ca: tenant.caPem } });
  try {
    const token = await request(`${tenant.authorityHost}/${tenant.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: tenant.clientId,
        client_secret: tenant.clientSecret,
        scope: `${tenant.graphUrl}/.default`,
      }).toString(),
    });
    const { access_token } = (await token.body.json()) as { access_token: string };
    const headers = { authorization: `Bearer ${access_token}` };
    const startedAt = performance.now();
    let url: string | undefined =
      `${tenant.graphUrl}/v1.0/deviceManagement/managedDevices?$select=${MANAGED_DEVICE_PROPERTIES.join(',')}`;
    while (url !== undefined) {
      const page: Page = await readPage(url, headers, dispatcher);
      url = page['@odata.nextLink'];
    }
    return (performance.now() - startedAt) / 1000;
  } finally {
    await dispatcher.close();
  }
}

async function readPage(url: string, headers: Record<string, string>, dispatcher: Agent): Promise<Page> {
  const { statusCode, body } = await request(url, { headers, dispatcher });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`The tenant answered ${statusCode}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Page;
}
