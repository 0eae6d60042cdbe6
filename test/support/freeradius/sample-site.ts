// A site with the shipped FreeRADIUS configuration: a lookup function which the test controls, and one server for each
// way to behave without an answer.

import { API_KEY, type LookupStub, startLookupStub } from './lookup-stub.ts';
import {
  type FailMode,
  type FreeRadius,
  type FreeRadiusOptions,
  type SiteUser,
  startFreeRadius,
} from './start-freeradius.ts';

export const FAIL_MODES = ['closed', 'open', 'last'] as const satisfies readonly FailMode[];

export interface SampleSite {
  readonly stub: LookupStub;
  readonly servers: Readonly<Record<FailMode, FreeRadius>>;
  /** Runs `use` with one more server, which differs from the others as given. */
  withServer(options: Partial<FreeRadiusOptions>, use: (own: FreeRadius) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export async function startSampleSite(siteUsers: readonly SiteUser[]): Promise<SampleSite> {
  const stub = await startLookupStub();
  const start = (options: Partial<FreeRadiusOptions>) =>
    startFreeRadius({ baseUrl: stub.baseUrl, apiKey: API_KEY, caFile: stub.caFile, siteUsers, ...options });
  try {
    const [closed, open, last] = await Promise.all([
      start({ failMode: 'closed' }),
      start({ failMode: 'open' }),
      start({ failMode: 'last' }),
    ]);
    return {
      stub,
      servers: { closed, open, last },
      async withServer(options, use) {
        const own = await start(options);
        try {
          await use(own);
        } finally {
          await own.stop();
        }
      },
      async stop() {
        await Promise.all([closed, open, last, stub].map((running) => running.stop()));
      },
    };
  } catch (error) {
    await stub.stop();
    throw error;
  }
}
