// What is known of the device behind a request, as policy sees it.

import type { ComplianceState } from './compliance-state.ts';

/** What is known of the device behind a request: its compliance state, or why there is none. */
export type Standing = ComplianceState | StandingWithoutState;

export const STANDINGS_WITHOUT_STATE = [
  /** The directory has disabled the device or its owner, in every compliance state. */
  'disabled',
  /** Being retired, wiped or deleted, in every compliance state. */
  'beingRemoved',
  /** Has not checked in with its MDM for so long that its last compliance state says nothing any more. */
  'silent',
  /** Nothing in the store answers to the identities presented. */
  'notEnrolled',
  /** Several devices hold the same address (a dock, a shared adapter): any of them may be this one. */
  'ambiguous',
  /** The request presented no identity that may be relied on. */
  'unidentified',
  /** The site authenticated no user or device, and this is no MAB. */
  'notAuthenticated',
] as const;
export type StandingWithoutState = (typeof STANDINGS_WITHOUT_STATE)[number];

/** Marks a known state may carry: it stands, but not as firmly as usual. */
export const STANDING_MARKS = [
  /** The source has not confirmed the record for longer than it should. */
  'stale',
  /** A newer state is held back for now, because too much changed at once. */
  'held',
] as const;
export type StandingMark = (typeof STANDING_MARKS)[number];
