// What runs a process: the Functions host with its timers, queue trigger and time limit, and the relay's own main loop.

import { readRelayConfig } from '../../relay/read-relay-config.ts';
import { startRelayAgent } from '../../relay/relay-agent.ts';
import { serviceBusJobsQueue } from '../../relay/service-bus-jobs-queue.ts';
import { serviceBusResultsQueue } from '../../relay/service-bus-results-queue.ts';
import type { ObserveTime } from '../../shared/adapters/table-storage/common-clock.ts';
import { type App, createApp } from '../../shared/app.ts';
import type { Logger } from '../../shared/ports/telemetry.ts';
import type { Settings } from '../../shared/settings.ts';
import type { IntuneModel } from './models/intune.ts';
import type { Nas } from './models/nas.ts';
import { networkOf } from './models/network.ts';
import type { Connector } from './models/radius-proxy.ts';
import type { SecondSource } from './models/second-source.ts';
import type { MemoryServiceBus } from './services/memory-service-bus.ts';
import type { MemoryStorage } from './services/memory-table-client.ts';
import type { Wire } from './services/wire.ts';
import type { SimProcess } from './sim-process.ts';

/** host.json, functionTimeout. */
const FUNCTION_TIMEOUT_MS = 120_000;
/** Of a call to the tables with all its retries (shared/adapters/table-storage/tables.ts). */
const STORAGE_LIMIT_MS = { lookup: 5_000, background: 25_000 } as const;
const BUS_LIMIT_MS = 15_000;
const ENFORCE_EVERY_MS = 10_000;
const POLL_EVERY_MS = 60_000;
/** More often than this would only cost. */
const STANDBY_RETRY_MS = 10_000;
const RELAY_WATCH_MS = 1_500;
const HOUSEKEEPING_EVERY_MS = 3_600_000;

export interface Services {
  readonly storage: MemoryStorage;
  readonly bus: MemoryServiceBus;
  readonly intune: IntuneModel;
  /** In some worlds, with the time from one of its sweeps to the next. */
  readonly second?: { readonly source: SecondSource; readonly pollingIntervalMs: number } | undefined;
}

export function appOf(process: SimProcess, settings: Settings, services: Services, log: Logger): App {
  const { clock, random } = process;
  const { second } = services;
  return createApp(settings, {
    clock,
    timer: clock,
    random,
    log,
    onChange: async () => undefined,
    mostRemembered: 200,
    openTables: async (patience, observe) => {
      const wire = process.wireTo('storage', STORAGE_LIMIT_MS[patience]);
      return services.storage.open(timedWire(wire, process, services.bus.time.now, observe));
    },
    connectServiceBus: () => services.bus.connect(process.wireTo('serviceBus', BUS_LIMIT_MS)),
    openIntune: () => services.intune.access(process),
    moreSources: second ? [second.source.setup(process, second.pollingIntervalMs)] : [],
  });
}

/** Each answer says what time it was for the service, by the second, as the Date of an HTTP response does. */
function timedWire(wire: Wire, process: SimProcess, serviceTime: () => number, observe: ObserveTime): Wire {
  const ownTime = (): number => serviceTime() + process.skewMs;
  return {
    call(what, effect, signal) {
      const askedAt = ownTime();
      let date = 0;
      const timed = (): ReturnType<typeof effect> => {
        date = Math.floor(serviceTime() / 1000) * 1000;
        return effect();
      };
      return wire.call(what, timed, signal).then((answer) => {
        observe({ date, askedAt, answeredAt: ownTime() });
        return answer;
      });
    },
  };
}

/** An instance that answers HTTP requests; what takes longer than a function may is ended with the whole process. */
export function connectorOf(process: SimProcess, app: App): Connector {
  const bounded = <T>(work: Promise<T>): Promise<T> => {
    const cancel = process.after(FUNCTION_TIMEOUT_MS, () => process.kill());
    return work.finally(cancel);
  };
  return {
    lookup: (apiKey, body) => bounded(app.lookup(apiKey, body)),
    accounting: (apiKey, body) => bounded(app.accounting(apiKey, body)),
  };
}

/** Timers run on one instance alone, and none overlaps itself. */
export function runBackground(process: SimProcess, app: App, bus: MemoryServiceBus, onError: (error: unknown) => void) {
  const every = (milliseconds: number, offsetMs: number, work: () => Promise<unknown>): void => {
    const next = milliseconds - ((bus.time.now() - offsetMs) % milliseconds);
    process.after(next, () => {
      const cancel = process.after(FUNCTION_TIMEOUT_MS, () => process.kill());
      void work()
        .catch(onError)
        .finally(() => {
          cancel();
          every(milliseconds, offsetMs, work);
        });
    });
  };
  every(ENFORCE_EVERY_MS, 0, () => app.enforce());
  every(POLL_EVERY_MS, 0, () => app.poll(FUNCTION_TIMEOUT_MS));
  every(HOUSEKEEPING_EVERY_MS, 420_000, () => app.purgeExpired());
  const receiver = bus.connect(process.wireTo('serviceBus', BUS_LIMIT_MS)).createReceiver('coa-results');
  receiver.subscribe(
    { processMessage: ({ body }) => app.report(body), processError: async () => undefined },
    { maxConcurrentCalls: 16 },
  );
}

export function runRelay(
  process: SimProcess,
  site: string,
  nases: readonly Nas[],
  bus: MemoryServiceBus,
  log: Logger,
): void {
  const { clock, random } = process;
  const config = readRelayConfig(relayYaml(site, process.name, nases), { file: 'relay.yaml', hostName: process.name });
  const connect = () => bus.connect(process.wireTo('serviceBus', BUS_LIMIT_MS));
  const { jobsQueue, resultsQueue } = config.serviceBus;
  void startRelayAgent({
    config,
    nasSecrets: new Map(nases.map(({ name }) => [name, 'secret'])),
    logKey: 'key',
    jobs: serviceBusJobsQueue({
      connect,
      queue: jobsQueue,
      sessionId: site,
      prefetch: config.limits.prefetch,
      timer: clock,
    }),
    results: serviceBusResultsQueue(connect, resultsQueue, clock),
    sender: networkOf(process, (address) => nases.find((nas) => nas.address === address)),
    clock,
    log,
    random: random.fraction,
    timing: { standbyRetryMs: STANDBY_RETRY_MS, watchMs: RELAY_WATCH_MS },
  });
}

function relayYaml(site: string, relay: string, nases: readonly Nas[]): string {
  const entries = nases.map(
    ({ name, address, traits }) =>
      `  - { name: ${name}, match: { nasIpAddress: ${address} }, secretEnv: X, profile: ${traits.profile} }`,
  );
  return [`site: ${site}`, `relay: ${relay}`, 'serviceBus: { connectionStringEnv: X }', 'nas:', ...entries].join('\n');
}
