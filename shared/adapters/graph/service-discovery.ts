// Where Intune's services for this tenant are: the endpoints of the "Microsoft Intune" service principal in Graph, as
// Microsoft's own client for Intune partners finds them (Intune-Resource-Access, IntuneServiceLocationProvider).

import { withoutTrailing } from '../../domain/trailing.ts';
import { SourceError } from '../../errors.ts';
import type { GraphClient } from './graph-client.ts';

/** The "Microsoft Intune" first-party application, the same in every tenant. */
const INTUNE_APP_ID = '0000000a-0000-0000-c000-000000000000';
const PERMISSION = 'Application.Read.All';

export interface ServiceDiscovery {
  /**
   * Root address of the service without slash at the end, from memory if it is there. Callers who come while it is
   * being asked for share the question.
   * @throws SourceError NAC_SOURCE_DISCOVERY when the tenant has no such service
   */
  find(): Promise<string>;
  /** The service failed: it may have moved, so the next call asks Graph again, but at most once a minute. */
  forget(): void;
}

export interface ServiceDiscoveryOptions {
  /** E.g. `ComplianceRetrievalService`. */
  readonly providerName: string;
  /** Hosts, and everything below them, that may get the token. */
  readonly trustedHosts: readonly string[];
  readonly now: () => Date;
}

/** A service that fails all the time must not have Graph asked all the time. */
const ASK_AGAIN_AFTER_MS = 60_000;

export function createServiceDiscovery(graph: GraphClient, options: ServiceDiscoveryOptions): ServiceDiscovery {
  const url = `${graph.endpoint}/v1.0/servicePrincipals/appId=${INTUNE_APP_ID}/endpoints`;
  let found: Promise<string> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  return {
    find() {
      if (found !== undefined) return found;
      askedAt = options.now().getTime();
      const asking = graph.getJson(url, PERMISSION).then((answer) => chooseEndpoint(answer, options));
      found = asking;
      // Only a success is kept.
      asking.catch(() => {
        if (found === asking) found = undefined;
      });
      return asking;
    },
    forget() {
      if (options.now().getTime() - askedAt >= ASK_AGAIN_AFTER_MS) found = undefined;
    },
  };
}

function chooseEndpoint(answer: unknown, { providerName, trustedHosts }: ServiceDiscoveryOptions): string {
  const endpoints = asRecord(answer)['value'];
  if (!Array.isArray(endpoints)) {
    throw new SourceError(
      'NAC_SOURCE_PAGE',
      'The list of Intune’s service endpoints is malformed: value is not a list.',
      {
        action: 'It is asked for again by itself; check for a proxy that changes answers if it goes on.',
        field: 'value',
      },
    );
  }
  const wanted = providerName.toLowerCase();
  const uris = endpoints.map(asRecord).flatMap((endpoint) => {
    const { providerName: name, uri } = endpoint;
    return typeof name === 'string' && name.toLowerCase() === wanted && typeof uri === 'string' ? [uri] : [];
  });
  const [uri] = uris;
  if (uri === undefined) {
    throw new SourceError('NAC_SOURCE_DISCOVERY', `Graph lists no ${providerName} for this tenant.`, {
      action: 'Check that the tenant has an Intune licence, and that its cloud offers this service.',
    });
  }
  const trusted = uris.find((candidate) => isTrustedService(candidate, trustedHosts));
  if (trusted !== undefined) return withoutTrailing(trusted, '/');
  throw new SourceError(
    'NAC_SOURCE_DISCOVERY',
    `${providerName} is said to be at ${hostOf(uri)}, which gets no token.`,
    {
      action: 'If Microsoft does run the service there, name the host in INTUNE_SERVICE_HOSTS.',
      field: 'uri',
    },
  );
}

/** Only https on one of the hosts, or below it, may get the token. */
export function isTrustedService(uri: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(uri);
  if (protocol !== 'https:' || username || password || search || hash) return false;
  return hosts.some((host) => hostname === host.toLowerCase() || hostname.endsWith(`.${host.toLowerCase()}`));
}

function hostOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).host.slice(0, 100) || 'no host' : 'no address';
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
