// What a deployment costs a month: what the code asks of Azure per event (counted by a test), times how often, times
// prices.

import type { Load, Prices } from './cost-example.ts';

/** Table requests per event, held to the code by test/integration/stores/counted-operations.test.ts. */
export const TABLE_REQUESTS = {
  /** A tick of the poll's timer: is a sweep due, which devices checked in, which live sessions want looking after. */
  pollTick: 32,
  /** A sweep without changes, beside its tick and its pages: 16 parts of the fleet's index, 16 of what stands open. */
  sweep: 45,
  sweepPage: 1,
  /** Every twelfth sweep reads each device. */
  deepSweepDevice: 1,
  /** And every partition for records that the index does not know. */
  deepSweep: 16,
  /**
   * A tick of the enforcement timer without open jobs, with two sites: it asks which there are, and each for its
   * outbox.
   */
  enforceTick: 10,
  /** After each complete sweep, beside the tick, with one site. */
  reconciliation: 20,
  /** Identity and device of a session that came by MAC address. */
  reconciledSession: 2,
  /** Identity, device, session with its pointer, device again. */
  coldLookup: 4,
  warmLookup: 1,
  accountingStart: 2,
  accountingInterim: 1,
  /** At most, with a few sites. */
  housekeeping: 140,
} as const;

/** Sweeps from one that reads every device to the next. */
const DEEP_SWEEP_EVERY = 12;

/**
 * From the change of a connected device to the proof, at most, beyond what sweeps and ticks ask anyway:
 * test/integration/stores/counted-operations.test.ts.
 */
export const TABLE_REQUESTS_PER_COA = 100;

/** One job and up to three reports: each is sent, received and completed. */
export const MESSAGES_PER_COA = 4;
const OPERATIONS_PER_MESSAGE = 3;

/** CHANGED_DEVICES_INTERVAL and HARDWARE_MAX_AGE, as they are unless set. */
const LOOKS_PER_DAY = 1_440;
const HARDWARE_DAYS = 7;

const DAYS = 30.4;
const BACKGROUND_INSTANCES = 1;
const SECONDS = DAYS * 86_400;
/** Devices on a page of Microsoft Graph. */
const PAGE = 1_000;
/** Flex Consumption bills an activity of an instance for at least a second. */
const LEAST_SECONDS = 1;

/** Kilobytes in the log workspace of a row of AppRequests: an estimate. */
const REQUEST_ROW_KB = 1.2;
/** Of a line of ours, at most: test/integration/stores/counted-operations.test.ts counts that of an answer. */
export const LINE_KB = 0.5;
/** The host writes each line of stdout into a row of AppTraces twice: as `Message`, and as `prop__{OriginalFormat}`. */
const COPIES_OF_A_LINE = 2;
const ROW_OF_A_LINE_KB = COPIES_OF_A_LINE * LINE_KB;
/**
 * Rows of AppRequests and AppExceptions that an instance writes a second at most: host.json samples the rest, a test
 * compares.
 */
export const SAMPLED_ROWS_PER_SECOND = 1;
/** Seconds of a flood in which the sampling of an instance has not noticed it yet: evaluationInterval of host.json. */
const SAMPLING_NOTICES_SECONDS = 5;
/** After a quarter of an hour of peace the host samples less again, and a flood is new to it. */
const SAMPLING_FORGETS_PER_DAY = 96;
/** Requests a second that an instance of 2,048 MB refuses at most, about. */
const REFUSALS_PER_SECOND = 1_000;
/**
 * Lines about strangers: no key, a wrong one, two codes of a store that fails, a body too large. Each once in ten
 * seconds.
 */
const STRANGER_LINES_PER_SECOND = 0.5;

/**
 * Kilobytes of a row of AppMetrics, at most: test/integration/telemetry/azure-monitor.test.ts counts what is sent for
 * one.
 */
export const METRIC_KB = 0.6;
/** Of a row of AppDependencies, which a span is: test/integration/telemetry/azure-monitor.test.ts counts it, too. */
export const SPAN_KB = 0.8;
/** OTEL_METRIC_EXPORT_INTERVAL, as it is unless set. */
const METRIC_INTERVALS_PER_DAY = 288;
/** Series that lookups and accounting of a site fill in nearly each interval: rules by role, time, records by kind. */
const SERIES_PER_SITE = 7;
/** Steps of age that are filled in an interval, and what fails quietly. */
const OTHER_SERIES = 6;
/** Of a change of a connected device, from decided to proven, and its share of the poll. */
const STAGES_PER_COA = 7;
const SPANS_PER_COA = 9;
/** Pages, time and held devices. */
const SERIES_PER_SWEEP = 3;

/**
 * Log alerts of the template by the minutes between evaluations, held to it by test/infra/cost.test.ts. Seldom ones
 * cost as every 15 minutes.
 */
export const LOG_ALERTS = { every5Minutes: 3, every15Minutes: 13 } as const;
/** Kilobytes of a device with its pointers, session and run records. An estimate. */
const STORED_KB = 4;

export interface Estimate {
  /** Requests, executions and so on a month. */
  readonly amounts: Readonly<
    Record<'tableRequests' | 'graphRequests' | 'messages' | 'executions' | 'logGigabytes', number>
  >;
  /** By what is billed, in the currency of the prices. */
  readonly costs: Readonly<Record<string, number>>;
  readonly total: number;
}

export function estimateCost(load: Load, prices: Prices): Estimate {
  const perDay = eventsPerDay(load);
  const executions = DAYS * (perDay.ticks + perDay.http + perDay.reports);
  const rows =
    sampledRows(perDay.http, load.alwaysReadyInstances) +
    sampledRows(perDay.ticks + perDay.reports, BACKGROUND_INSTANCES);
  const lines = perDay.http * ROW_OF_A_LINE_KB + rows * REQUEST_ROW_KB;
  const logGigabytes = (DAYS * (lines + telemetryPerDay(load))) / 1e6;
  const amounts = {
    tableRequests: DAYS * tableRequestsPerDay(load),
    graphRequests: DAYS * (load.pollsPerDay * pages(load) + LOOKS_PER_DAY + load.devices / HARDWARE_DAYS),
    messages: DAYS * load.changesPerDay * MESSAGES_PER_COA,
    executions,
    logGigabytes,
  };
  const costs = {
    'Table requests': (amounts.tableRequests / 10_000) * prices.tableRequestsPer10Thousand,
    'Table capacity': ((load.devices * STORED_KB) / 1e6) * prices.tableGigabyte,
    Executions: (Math.max(0, executions - prices.freeExecutions) / 1e6) * prices.executionsPerMillion,
    'Timers and reports (memory x time)': timerCost(load, prices, perDay.ticks + perDay.reports),
    'Lookups (memory x time)': lookupCost(load, prices, perDay.http),
    'Service Bus': serviceBusCost(load, prices, amounts.messages),
    'Private endpoints': load.privateEndpoints ? 4 * prices.privateEndpoint : 0,
    Logs: logGigabytes * prices.logGigabyte,
    Alerts: alertCost(load, prices),
  };
  return { amounts, costs, total: Object.values(costs).reduce((sum, cost) => sum + cost, 0) };
}

/** Rows of requests a day that so many instances keep. */
function sampledRows(requests: number, instances: number): number {
  return Math.min(requests, Math.max(1, instances) * 86_400 * SAMPLED_ROWS_PER_SECOND);
}

/**
 * Gigabytes of logs a day that strangers bring about at most, however many they are: by the instances that Azure
 * starts.
 */
export function strangersGigabytesPerDay(instances: number): number {
  const steady = 86_400 * (SAMPLED_ROWS_PER_SECOND * REQUEST_ROW_KB + STRANGER_LINES_PER_SECOND * ROW_OF_A_LINE_KB);
  const beginnings = SAMPLING_FORGETS_PER_DAY * SAMPLING_NOTICES_SECONDS * REFUSALS_PER_SECOND * REQUEST_ROW_KB;
  return (instances * (steady + beginnings)) / 1e6;
}

/** Kilobytes of metrics and spans. Every HTTP instance has its own series. */
function telemetryPerDay({ sites, alwaysReadyInstances, changesPerDay, pollsPerDay }: Load): number {
  const ofLookups =
    METRIC_INTERVALS_PER_DAY *
    Math.max(1, alwaysReadyInstances) *
    (Math.max(1, sites) * SERIES_PER_SITE + OTHER_SERIES);
  const metrics = ofLookups + changesPerDay * STAGES_PER_COA + pollsPerDay * SERIES_PER_SWEEP;
  return metrics * METRIC_KB + changesPerDay * SPANS_PER_COA * SPAN_KB;
}

function eventsPerDay(load: Load) {
  const connected = load.devices * load.connected;
  const lookups = connected * load.lookupsPerConnectedDeviceAndDay;
  const accounting = connected * load.accountingPerConnectedDeviceAndDay;
  // Every minute the poll looks whether it is due; every ten seconds enforcement looks after jobs; housekeeping is
  // hourly.
  const ticks = 1_440 + 8_640 + 24;
  return {
    lookups,
    accounting,
    http: lookups + accounting,
    ticks,
    reports: load.changesPerDay * (MESSAGES_PER_COA - 1),
  };
}

function pages({ devices }: Load): number {
  return Math.max(1, Math.ceil(devices / PAGE));
}

function tableRequestsPerDay(load: Load): number {
  const of = TABLE_REQUESTS;
  const { lookups, accounting } = eventsPerDay(load);
  const sweep =
    of.sweep + pages(load) * of.sweepPage + (of.deepSweep + load.devices * of.deepSweepDevice) / DEEP_SWEEP_EVERY;
  const reconciliation = of.reconciliation + load.devices * load.connected * of.reconciledSession;
  const lookup = load.coldShare * of.coldLookup + (1 - load.coldShare) * of.warmLookup;
  return (
    1_440 * of.pollTick +
    8_640 * of.enforceTick +
    24 * of.housekeeping +
    load.pollsPerDay * (sweep + reconciliation) +
    lookups * lookup +
    accounting * ((of.accountingStart + of.accountingInterim) / 2) +
    load.changesPerDay * TABLE_REQUESTS_PER_COA
  );
}

/** Timers run on demand, each a second at least. */
function timerCost({ instanceMemoryMB }: Load, prices: Prices, runsPerDay: number): number {
  const gigabyteSeconds = DAYS * runsPerDay * LEAST_SECONDS * (instanceMemoryMB / 1024);
  return Math.max(0, gigabyteSeconds - prices.freeOnDemandGigabyteSeconds) * prices.onDemandGigabyteSecond;
}

/** An instance is busy as long as requests overlap its last second: 1 - e^-rate of the time, if they come by chance. */
function lookupCost({ instanceMemoryMB, alwaysReadyInstances }: Load, prices: Prices, perDay: number): number {
  const gigabytes = instanceMemoryMB / 1024;
  const instances = Math.max(1, alwaysReadyInstances);
  const busyShare = 1 - Math.exp((-perDay / 86_400 / instances) * LEAST_SECONDS);
  const busy = SECONDS * instances * busyShare * gigabytes;
  if (alwaysReadyInstances === 0) return busy * prices.onDemandGigabyteSecond;
  const ready = SECONDS * instances * gigabytes * prices.alwaysReadyGigabyteSecond;
  return ready + busy * prices.alwaysReadyExecutionGigabyteSecond;
}

/** The one metric alert watches each queue: the sites' and that of the results. */
function alertCost({ sites }: Load, prices: Prices): number {
  const { every5Minutes, every15Minutes } = LOG_ALERTS;
  const logs = every5Minutes * prices.logAlertEvery5Minutes + every15Minutes * prices.logAlertEvery15Minutes;
  return logs + (sites === 0 ? 0 : sites + 1) * prices.metricAlertSeries;
}

function serviceBusCost({ sites, privateEndpoints }: Load, prices: Prices, messages: number): number {
  if (sites === 0) return 0;
  if (privateEndpoints) return prices.serviceBusPremiumUnit;
  const beyond = Math.max(0, messages * OPERATIONS_PER_MESSAGE - prices.serviceBusIncludedOperations);
  return prices.serviceBusStandard + (beyond / 1e6) * prices.serviceBusOperationsPerMillion;
}
