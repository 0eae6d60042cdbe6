// A fleet of a million through the sweep, in a process of its own, with stores that only count: memory, and our own
// processor time for each device, by hundred thousand. Sends what it measured.

import { parseArgs } from 'node:util';
import { readManagedDevicePage } from '../../shared/adapters/intune/managed-device-page.ts';
import { splitPage } from '../../shared/adapters/intune/split-page.ts';
import { systemClock } from '../../shared/adapters/system/system-clock.ts';
import { systemRandom } from '../../shared/adapters/system/system-random.ts';
import { systemTimer } from '../../shared/adapters/system/system-timer.ts';
import { runSweepSlice } from '../../shared/polling/sweep/sweep.ts';
import type { ListPage } from '../../shared/ports/compliance-source.ts';
import { countingStores } from './counting-stores.ts';

export interface MillionRun {
  readonly result: string;
  readonly counts: ReturnType<typeof countingStores>['counts'];
  /** Microseconds of processor time for each device, by block of 100,000. */
  readonly perDevice: readonly number[];
}

export interface MillionReport {
  readonly firstLoad: MillionRun;
  readonly nothingChanged: MillionRun;
  readonly peakMiB: number;
}

const PAGE = 1000;
const BLOCK = 100_000;
const ORIGIN = 'https://graph.example';
const { values } = parseArgs({ options: { devices: { type: 'string', default: '1000000' } } });
const fleet = Number(values.devices);
const stores = countingStores();
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The text of one page, as Graph sends it: made, but not counted as ours. */
function pageText(first: number): string {
  const records = Array.from({ length: PAGE }, (_, index) => {
    const number = first + index;
    const hex = number.toString(16).padStart(12, '0');
    return {
      id: `00000000-0000-4000-8000-${hex}`,
      azureADDeviceId: `11111111-0000-4000-8000-${hex}`,
      deviceName: `NAC-${number}`,
      complianceState: number % 20 === 0 ? 'noncompliant' : 'compliant',
      complianceGracePeriodExpirationDateTime: '9999-12-31T23:59:59Z',
      wiFiMacAddress: `A4BB${hex.slice(4).toUpperCase()}`,
      ethernetMacAddress: null,
      serialNumber: `SN${number}`,
      imei: '',
      meid: '',
      lastSyncDateTime: '2026-11-20T08:00:00Z',
      enrolledDateTime: '2025-11-20T08:00:00Z',
      userPrincipalName: `user${number}@contoso.com`,
      operatingSystem: 'Windows',
      osVersion: '10.0.22631.4460',
      managementState: 'managed',
      managementAgent: 'mdm',
      deviceRegistrationState: 'registered',
      managedDeviceOwnerType: 'company',
      isEncrypted: true,
      jailBroken: 'Unknown',
    };
  });
  const next = first + PAGE;
  return JSON.stringify({ value: records, ...(next < fleet && { '@odata.nextLink': `${ORIGIN}/${next}` }) });
}

async function run(): Promise<MillionRun> {
  const perDevice: number[] = [];
  const before = { ...stores.counts };
  let generating = 0;
  let blockStartedAt = process.cpuUsage();
  const list = {
    async listDevices(cursor: string | undefined): Promise<ListPage> {
      const first = Number(cursor?.slice(ORIGIN.length + 1) ?? 0);
      if (first > 0 && first % BLOCK === 0) {
        perDevice.push((microseconds(process.cpuUsage(blockStartedAt)) - generating) / BLOCK);
        blockStartedAt = process.cpuUsage();
        generating = 0;
      }
      const startedAt = process.cpuUsage();
      const text = pageText(first);
      generating += microseconds(process.cpuUsage(startedAt));
      return readManagedDevicePage('intune', splitPage([text]), new Date().toISOString(), ORIGIN);
    },
  };
  const result = await runSweepSlice(
    {
      ...stores,
      source: { name: 'intune', list },
      onChange: async () => undefined,
      clock: systemClock,
      timer: systemTimer,
      random: systemRandom,
      log: quiet,
    },
    {
      pollingIntervalMs: 0,
      sliceBudgetMs: Number.POSITIVE_INFINITY,
      leaseMs: 3_600_000,
      massChange: { share: 0.1, least: 50 },
      answersDiffer: (before, after) => before.complianceState !== after.complianceState,
    },
  );
  const counts = Object.fromEntries(
    Object.entries(stores.counts).map(([name, count]) => [name, count - before[name as keyof typeof before]]),
  ) as unknown as MillionRun['counts'];
  return { result: result.kind, counts, perDevice };
}

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

const firstLoad = await run();
const nothingChanged = await run();
const REPORT: MillionReport = { firstLoad, nothingChanged, peakMiB: process.resourceUsage().maxRSS / 1024 };
process.send?.(REPORT);
process.on('disconnect', () => process.exit());
