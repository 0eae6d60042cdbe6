// What a kind of source says of itself, before it is opened: one file for each kind makes it.

import type { CommonDefinition } from '../domain/source/source-definition.ts';
import type { PollLimits } from '../polling/poll.ts';
import type { Check } from '../ports/check.ts';
import type { Clock } from '../ports/clock.ts';
import type { MdmSource, SourceName } from '../ports/mdm-source.ts';
import type { RawAnswers } from '../ports/raw-answers.ts';
import type { Logger, Telemetry } from '../ports/telemetry.ts';

/** A source as its kind sets it up. */
export interface SourceSetup extends SourceName {
  /** It is defined no more: what is stored of it is gone through as if it listed nothing. */
  readonly removed?: true;
  /** What it asks; see `placeOf`. Absent: not known. */
  readonly place?: string;
  /** Its Entra device ids come from the directory, not from what a server says. */
  readonly entraIds?: true;
  /** It has a list: its devices are swept. */
  readonly sweeps: boolean;
  /** Where several sources know a device, the verdict of the one with the highest number counts; absent: the worse. */
  readonly precedence?: number;
  readonly limits: PollLimits;
  /** How old the beginning of the newest complete sweep may be; absent where there are no sweeps. */
  readonly reachableMs: number | undefined;
  /** Milliseconds for one call of the source. */
  readonly callMs: number;
  /** Whether it can be opened at all, without a question to it. @throws ConnectorError which says why not */
  check?(): void;
  open(): Promise<OpenSource>;
  /** For the doctor: opens the source once more, so that nothing counts as working because it did before. */
  examine(): Promise<Examination>;
}

type Common = { readonly [K in 'name' | 'sites' | 'precedence']?: CommonDefinition[K] | undefined } & {
  readonly name: string;
};

/** What a set-up has from the definition as it stands. */
export function commonSetup({ name, sites, precedence }: Common): Pick<SourceSetup, 'name' | 'sites' | 'precedence'> {
  return { name, ...(sites !== undefined && { sites }), ...(precedence !== undefined && { precedence }) };
}

export interface OpenSource {
  readonly source: MdmSource;
  /** Absent where nothing runs out. */
  readonly reportCredential?: (deps: ReportDeps) => () => Promise<void>;
  close(): Promise<void>;
}

export interface ReportDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry | undefined;
  /** Keeps for the overview what is in use. */
  readonly keep?: (credential: CredentialInUse) => Promise<void>;
}

export interface CredentialInUse {
  readonly kind: string;
  readonly setting?: string;
  readonly expiresAt?: Date;
}

export interface Examination {
  readonly checks: readonly Check[];
  /** Answers as they came; absent where the source has no such answers. */
  readonly raw?: RawAnswers;
  close(): Promise<void>;
}
