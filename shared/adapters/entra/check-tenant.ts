// The tenant's public document, which needs no sign-in: is it the right tenant and cloud, and what time is it there?

import type { Check, Outcome } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HttpsTransport } from '../https/https-transport.ts';
import { toSignInError } from './sign-in-problem.ts';

export interface TenantCheckDeps {
  readonly transport: HttpsTransport;
  readonly clock: Clock;
  readonly authorityHost: string;
  readonly tenantId: string;
  readonly graphEndpoint: string;
}

/** A signed assertion is good for a few minutes: Entra refuses one from too far away (AADSTS700024). */
const TOO_FAR_MS = 240_000;
const NOTABLE_MS = 30_000;

export function tenantChecks(deps: TenantCheckDeps): Check[] {
  let offsetMs: number | undefined;
  return [
    {
      name: 'tenant',
      title: 'Tenant and cloud',
      needs: ['host-entra'],
      async run() {
        const url = `${deps.authorityHost}/${deps.tenantId}/v2.0/.well-known/openid-configuration`;
        const before = deps.clock.now().getTime();
        const { status, headers, body } = await deps.transport.send('GET', url, { accept: 'application/json' });
        const date = Date.parse(headers['date'] ?? '');
        // The header has whole seconds and was written somewhere between question and answer.
        if (!Number.isNaN(date)) offsetMs = (before + deps.clock.now().getTime()) / 2 - (date + 500);
        const document = asRecord(parse(body));
        if (status !== 200)
          throw toSignInError(String(document['error_description'] ?? `status ${status} from ${url}`));
        return judge(document, deps);
      },
    },
    {
      name: 'clock',
      title: 'Clock',
      needs: ['host-entra'],
      run: async () => judgeClock(offsetMs),
    },
  ];
}

function judge(document: Record<string, unknown>, { tenantId, graphEndpoint }: TenantCheckDeps): Outcome {
  if (typeof document['token_endpoint'] !== 'string') {
    return {
      status: 'failed',
      saw: 'The answer is not the OpenID configuration of a tenant.',
      means: 'Something on the way answers in the place of Microsoft Entra, such as a proxy’s sign-in page.',
      action: 'Check the proxy, and ENTRA_AUTHORITY_HOST.',
    };
  }
  const cloud = String(document['cloud_instance_name'] ?? '').slice(0, 60);
  const graphHost = String(document['msgraph_host'] ?? '').slice(0, 100);
  const region = String(document['tenant_region_scope'] ?? '').slice(0, 20);
  const about = [region && `region ${region}`, cloud && `cloud ${cloud}`].filter(Boolean).join(', ');
  if (graphHost && graphHost !== new URL(graphEndpoint).host) {
    return {
      status: 'warn',
      saw: `The tenant belongs to the Graph of ${graphHost}, but GRAPH_ENDPOINT or ENTRA_CLOUD name ${new URL(graphEndpoint).host}.`,
      means: 'Wrong cloud, unless a gateway stands before Graph.',
      action: 'Set ENTRA_CLOUD to the cloud of the tenant.',
    };
  }
  return { status: 'ok', saw: `The tenant ${tenantId} exists${about ? ` (${about})` : ''}.` };
}

function judgeClock(offsetMs: number | undefined): Outcome {
  if (offsetMs === undefined) {
    return {
      status: 'warn',
      saw: 'The answer of Microsoft Entra has no Date header.',
      means: 'A proxy may have taken it out.',
      action: 'Compare the clock of this machine by hand.',
    };
  }
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  const saw =
    seconds < 2
      ? 'In step with Microsoft Entra.'
      : `${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} Microsoft Entra.`;
  if (Math.abs(offsetMs) < NOTABLE_MS) return { status: 'ok', saw };
  const means = 'Entra refuses signatures and tokens from too far in the past or future (AADSTS700024).';
  const action = 'Set the clock of this machine (NTP).';
  return { status: Math.abs(offsetMs) >= TOO_FAR_MS ? 'failed' : 'warn', saw, means, action };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
