// Names of Microsoft's national clouds; settings/national-clouds.ts has the addresses of each.

export const NATIONAL_CLOUD_NAMES = ['Public', 'USGov', 'USGovDoD', 'China'] as const;

export type NationalCloudName = (typeof NATIONAL_CLOUD_NAMES)[number];
