// Recognises addresses that Microsoft has retired and that older instructions still give.

interface RetiredEndpoint {
  readonly pattern: RegExp;
  readonly problem: string;
}

/** Azure AD Graph ended in 2023, NAC 1.x and its MAC and UDID queries in March 2024, the German cloud in 2021. */
const RETIRED: readonly RetiredEndpoint[] = [
  {
    pattern: /graph\.windows\.net|00000002-0000-0000-c000-000000000000/i,
    problem: 'names Azure AD Graph, which is retired: use https://graph.microsoft.com',
  },
  {
    pattern: /\/\/graph\.chinacloudapi\.cn/i,
    problem: 'names Azure AD Graph, which is retired: use https://microsoftgraph.chinacloudapi.cn',
  },
  {
    pattern: /StatelessNACService|ciscodeviceinfo/i,
    problem:
      'names the Intune NAC service 1.x, which is retired: remove the setting; the Compliance Retrieval service (NAC 2.0) that replaced it is found through Microsoft Graph',
  },
  {
    pattern: /\/\/fef\.[^/]*manage\.microsoft/i,
    problem:
      'names one of Intune’s regional hosts, which Microsoft moves: remove the setting; the host is found through Microsoft Graph, and the audience is https://api.manage.microsoft.com/',
  },
  {
    pattern: /\/\/(login|sts)\.windows\.net/i,
    problem: 'names a retired address of Microsoft Entra: use https://login.microsoftonline.com',
  },
  {
    pattern: /(microsoftonline|microsoftazure|cloudapi)\.de\b/i,
    problem: 'names the German cloud, which is closed: use ENTRA_CLOUD=Public',
  },
];

/** What is wrong with the value, and what replaced it; `undefined` when nothing is. */
export function retiredEndpoint(value: string): string | undefined {
  return RETIRED.find(({ pattern }) => pattern.test(value))?.problem;
}
