// A source as the app keeps it: opened on first use, once per process, and closed once.

import { type BoundedSource, boundedSource } from '../polling/bounded-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timer } from '../ports/timer.ts';
import { lazy } from './lazy.ts';
import type { OpenSource, SourceSetup } from './source-setup.ts';

/** What is signed in with is shared by all who open it. */
export interface ConfiguredSource extends Omit<SourceSetup, 'open'> {
  /** @throws ConnectorError where its secrets or its address cannot be used: tried again each time */
  open(): Promise<OpenSource & { readonly source: BoundedSource }>;
  /** Ends what waits for its answers. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenedOnceDeps {
  readonly clock: Clock;
  readonly timer: Timer;
}

export function openedOnce(setup: SourceSetup, { clock, timer }: OpenedOnceDeps): ConfiguredSource {
  let opened: OpenSource | undefined;
  const close = async (): Promise<void> => {
    const toClose = opened;
    opened = undefined;
    await toClose?.close();
  };
  return {
    ...setup,
    open: lazy(async () => {
      opened = await setup.open();
      // Which stations it may be asked about is a matter of its definition, not of its kind.
      const { certificateIds, sites, callMs } = setup;
      return { ...opened, source: boundedSource({ ...opened.source, certificateIds, sites }, clock, timer, callMs) };
    }),
    leave: async () => opened?.close(),
    close,
  };
}
