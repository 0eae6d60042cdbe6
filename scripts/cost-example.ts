// Load and prices of the example in docs/cost.md; `npm run cost` takes others.

export interface Load {
  readonly devices: number;
  readonly sites: number;
  /** Share of the devices that are connected. */
  readonly connected: number;
  readonly lookupsPerConnectedDeviceAndDay: number;
  /** Share of lookups that find nothing in memory, or a session to be written. */
  readonly coldShare: number;
  readonly accountingPerConnectedDeviceAndDay: number;
  readonly changesPerDay: number;
  readonly pollsPerDay: number;
  readonly alwaysReadyInstances: number;
  readonly instanceMemoryMB: 512 | 2048 | 4096;
  readonly privateEndpoints: boolean;
}

/** Guesses to be replaced by what your network does. */
export const EXAMPLE_LOAD: Load = {
  devices: 10_000,
  sites: 5,
  connected: 0.6,
  lookupsPerConnectedDeviceAndDay: 8,
  coldShare: 0.5,
  accountingPerConnectedDeviceAndDay: 10,
  changesPerDay: 100,
  pollsPerDay: 12,
  alwaysReadyInstances: 1,
  instanceMemoryMB: 2048,
  privateEndpoints: false,
};

/**
 * US dollars. From memory of the public price lists for East US in 2025; look up yours at
 * https://azure.microsoft.com/pricing
 */
export const EXAMPLE_PRICES = {
  tableRequestsPer10Thousand: 0.00036,
  tableGigabyte: 0.045,
  executionsPerMillion: 0.4,
  onDemandGigabyteSecond: 0.000026,
  alwaysReadyGigabyteSecond: 0.000004,
  alwaysReadyExecutionGigabyteSecond: 0.000016,
  freeOnDemandGigabyteSeconds: 100_000,
  freeExecutions: 250_000,
  serviceBusStandard: 10,
  serviceBusIncludedOperations: 13_000_000,
  serviceBusOperationsPerMillion: 0.8,
  serviceBusPremiumUnit: 677,
  privateEndpoint: 7.3,
  logGigabyte: 2.76,
  /** A month; Azure Monitor bills a rule by how often it looks. */
  logAlertEvery5Minutes: 1.5,
  logAlertEvery15Minutes: 0.5,
  /** A month, of each time series that a metric alert watches. */
  metricAlertSeries: 0.1,
};

export type Prices = typeof EXAMPLE_PRICES;
