// The queues between cloud and premises: one per site for jobs, one for what became of them.

import { toConnectorError } from '../../errors.ts';
import type { Check } from '../../ports/check.ts';
import { explainFailure } from '../explain-failure.ts';

export interface ServiceBusProbe {
  readonly sites: () => Promise<readonly string[]>;
  /** @throws QueueError */
  readonly siteQueue: (site: string) => Promise<void>;
  /** @throws QueueError @returns whether reports wait */
  readonly resultsQueue: () => Promise<boolean>;
}

/** More sites than that are not asked one after the other. */
const MOST_SITES = 50;

/** @param probe absent where no Service Bus is set */
export function serviceBusCheck(probe: ServiceBusProbe | undefined): Check {
  return {
    name: 'service-bus',
    title: 'Service Bus',
    needs: probe === undefined ? [] : ['storage'],
    async run() {
      if (probe === undefined) {
        return {
          status: 'skipped',
          saw: 'No Service Bus is set (ServiceBusConnection…): compliance changes are known, not enforced.',
        };
      }
      await probe.resultsQueue();
      const sites = await probe.sites();
      const problems: { readonly site: string; readonly thrown: unknown }[] = [];
      for (const site of sites.slice(0, MOST_SITES)) {
        await probe.siteQueue(site).catch((thrown: unknown) => problems.push({ site, thrown }));
      }
      const [first] = problems;
      if (first !== undefined) {
        const details = problems.map(({ site, thrown }) => `site ${site}: ${toConnectorError(thrown).message}`);
        return { ...explainFailure(first.thrown), details };
      }
      return {
        status: 'ok',
        saw: `The results queue, and the queues of ${sites.length} sites (${sites.slice(0, 5).join(', ')}${sites.length > 5 ? ', …' : ''}).`,
      };
    },
  };
}
