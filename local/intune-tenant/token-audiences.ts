// The resources for which the simulated tenant issues tokens, named as in `scope` without the trailing `/.default`.

export interface CloudAudiences {
  /** The simulated Graph goes by the name of the real one as well, so that a client may keep the usual scope. */
  readonly graph: string;
  /** Ends with a slash, which is why the scope of the Intune API carries two. */
  readonly intune: string;
  /** Audience of the assertions that federated credentials take. */
  readonly tokenExchange: string;
}

/**
 * The clouds of Microsoft. The audience of the Intune API is published for the first two alone; what China's is called
 * here is a guess after its host names.
 */
export const CLOUD_AUDIENCES = {
  public: {
    graph: 'https://graph.microsoft.com',
    intune: 'https://api.manage.microsoft.com/',
    tokenExchange: 'api://AzureADTokenExchange',
  },
  usGovernment: {
    graph: 'https://graph.microsoft.us',
    intune: 'https://api.manage.microsoft.us/',
    tokenExchange: 'api://AzureADTokenExchangeUSGov',
  },
  usGovernmentDod: {
    graph: 'https://dod-graph.microsoft.us',
    intune: 'https://api.manage.microsoft.us/',
    tokenExchange: 'api://AzureADTokenExchangeUSGov',
  },
  china: {
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    intune: 'https://api.manage.microsoft.cn/',
    tokenExchange: 'api://AzureADTokenExchangeChina',
  },
} as const satisfies Readonly<Record<string, CloudAudiences>>;

/** The application id of Microsoft Graph, the same in every tenant and cloud. */
const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

/**
 * With and without a slash at the end: a token of v1 is for the resource as it was asked for, and Graph takes either,
 * and its id.
 */
export function graphAudiences(graphUrl: string, audiences: CloudAudiences): readonly string[] {
  return [...[graphUrl, audiences.graph].flatMap((address) => [address, `${address}/`]), GRAPH_APP_ID];
}
