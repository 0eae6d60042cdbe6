// A request of Cisco's MDM API, once its path and its parameters are read.

import type {
  ActionType,
  AttributeElement,
  Criterion,
  DeviceIdentifier,
  DialectVersion,
} from '../domain/mdm-dialect.ts';

/** A request as it arrived. */
export interface MdmRequest {
  readonly method: string;
  /** As sent: percent-encoded, with whatever stands before `/ciscoise`. */
  readonly path: string;
  readonly query: Iterable<readonly [string, string]>;
}

/** Criteria that lead to single devices. */
export type DeviceCriterion = Exclude<Criterion, 'compliance' | 'username'>;

/** Elements that the answer may hold; absent for every one. */
export type Filter = ReadonlySet<AttributeElement> | undefined;

interface Question {
  readonly version: DialectVersion;
}

export interface InformationQuestion extends Question {
  readonly kind: 'information';
  /** What stood before `/ciscoise`, as it was sent, without a slash at its end; empty for nothing. */
  readonly prefix: string;
}

export interface DeviceQuestion extends Question {
  readonly kind: 'device';
  readonly criterion: DeviceCriterion;
  readonly value: string;
  readonly filter: Filter;
}

export interface ListQuestion extends Question {
  readonly kind: 'noncompliant';
  readonly identifier: DeviceIdentifier;
  /** `paging`: 0 for the first page, otherwise what the page before said. */
  readonly from: number;
  readonly filter: Filter;
}

/** The body of the request names the devices. */
export interface BatchQuestion extends Question {
  readonly kind: 'batch';
  readonly criterion: DeviceCriterion;
  /** One that the query names beside them; empty for none. */
  readonly value: string;
  readonly filter: Filter;
}

/** The body of the request names the devices. */
export interface ActionQuestion extends Question {
  readonly kind: 'action';
  readonly action: ActionType;
}

export interface MessageQuestion extends Question {
  readonly kind: 'message';
}

export type MdmQuestion =
  | InformationQuestion
  | DeviceQuestion
  | ListQuestion
  | BatchQuestion
  | ActionQuestion
  | MessageQuestion;
