// The sources that settings describe. Everything else takes one of them, or all; what is peculiar to a kind lies in the
// file that sets it up.

import { type BoundedSource, boundedSource } from '../polling/bounded-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timer } from '../ports/timer.ts';
import type { Settings } from '../settings.ts';
import { ciscoMdmSetup } from './cisco-mdm-setup.ts';
import { intuneSetup } from './intune-setup.ts';
import { lazy } from './lazy.ts';
import type { OpenSource, SourceSetup } from './source-setup.ts';

/**
 * @param clock by which answers are dated
 * @param timer by which servers are left alone for as long as they ask
 */
export function sourceSetups(settings: Settings, clock: Clock, timer: Timer): readonly SourceSetup[] {
  const { mdm } = settings;
  return [intuneSetup(settings, clock), ...(mdm === undefined ? [] : [ciscoMdmSetup(settings, mdm, clock, timer)])];
}

/** Opened on first use, once per process: what is signed in with is shared. */
export interface ConfiguredSource extends Omit<SourceSetup, 'open'> {
  open(): Promise<OpenSource & { readonly source: BoundedSource }>;
  /** Ends what waits for its answers. */
  leave(): Promise<void>;
}

export function openedOnce(
  setup: SourceSetup,
  {
    clock,
    timer,
    closing,
  }: { readonly clock: Clock; readonly timer: Timer; readonly closing: (() => Promise<void>)[] },
): ConfiguredSource {
  let leave = async (): Promise<void> => undefined;
  return {
    ...setup,
    open: lazy(async () => {
      const opened = await setup.open();
      closing.push(opened.close);
      leave = opened.close;
      return { ...opened, source: boundedSource(opened.source, clock, timer, setup.callMs) };
    }),
    leave: () => leave(),
  };
}
