// Where Microsoft's services are in each of its national clouds. Tokens of one are worth nothing in another.

import type { NationalCloudName } from '../domain/national-cloud-name.ts';

export interface NationalCloud {
  /** Where tokens come from. */
  readonly authorityHost: string;
  /** Root of Microsoft Graph, and the audience of its tokens. */
  readonly graphEndpoint: string;
  /** Audience of tokens for Intune's own API. It ends with a slash, so that its scope has two: `…//.default`. */
  readonly intuneAudience: string;
  /** Audience of the managed identity's token that stands in for a certificate. */
  readonly federatedAudience: string;
}

/**
 * Graph and authority: learn.microsoft.com/graph/deployments. Federated audiences: "Configure an application to trust a
 * managed identity". For DoD and China no Microsoft page names Intune's audience: what stands here follows from the
 * host names that Intune uses there, and INTUNE_AUDIENCE overrides it.
 */
export const NATIONAL_CLOUDS = {
  /** GCC is part of it. */
  Public: {
    authorityHost: 'https://login.microsoftonline.com',
    graphEndpoint: 'https://graph.microsoft.com',
    intuneAudience: 'https://api.manage.microsoft.com/',
    federatedAudience: 'api://AzureADTokenExchange',
  },
  /** GCC High (L4). */
  USGov: {
    authorityHost: 'https://login.microsoftonline.us',
    graphEndpoint: 'https://graph.microsoft.us',
    intuneAudience: 'https://api.manage.microsoft.us/',
    federatedAudience: 'api://AzureADTokenExchangeUSGov',
  },
  /** L5. */
  USGovDoD: {
    authorityHost: 'https://login.microsoftonline.us',
    graphEndpoint: 'https://dod-graph.microsoft.us',
    intuneAudience: 'https://api.manage.microsoft.us/',
    federatedAudience: 'api://AzureADTokenExchangeUSGov',
  },
  /** Operated by 21Vianet. */
  China: {
    authorityHost: 'https://login.chinacloudapi.cn',
    graphEndpoint: 'https://microsoftgraph.chinacloudapi.cn',
    intuneAudience: 'https://api.manage.microsoft.cn/',
    federatedAudience: 'api://AzureADTokenExchangeChina',
  },
} as const satisfies Record<NationalCloudName, NationalCloud>;
