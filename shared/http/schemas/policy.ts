// Policies as operators see them, and what a draft would change.

import { ASSURANCES } from '../../domain/identity/identity.ts';
import { MEDIA } from '../../domain/medium.ts';
import {
  amount,
  byName,
  type Described,
  flag,
  instant,
  list,
  named,
  object,
  oneOf,
  optional,
  text,
  whole,
} from '../schema.ts';
import { OUTCOME } from './common.ts';
import { BY, uploadedVersion, versionFields } from './versions.ts';

export const POLICY_OVERVIEW = named(
  'PolicyOverview',
  object('What is in force, and what is there', {
    ...versionFields('the policy that settings describe', 'From then on every instance answers by it, and CoAs begin'),
    macLists: list(
      object('', {
        name: text('Name of the list'),
        createdAt: instant('When'),
        by: BY,
        addresses: whole('Addresses and beginnings of addresses'),
      }),
      'Newest first',
    ),
  }),
);

export const UPLOADED_POLICY = named('UploadedPolicy', uploadedVersion());

export const UPLOADED_MAC_LIST = named(
  'UploadedMacList',
  object('The list is there', {
    list: text('Its name'),
    created: flag('False where the very same was there already'),
    addresses: whole('Addresses and beginnings of addresses'),
  }),
);

const SIDE = object('', { rule: text('Name of the rule'), outcome: OUTCOME });

const TALLY = {
  looked: whole('How many were looked at'),
  changing: whole('How many would change'),
  bySite: byName(whole(''), 'How many at each site'),
  byRule: byName(whole(''), '`<rule now> -> <rule then>`, most frequent first'),
  examples: list(
    object('', {
      site: optional(text('Where the station is')),
      session: optional(text('Id of the session')),
      device: optional(text('`<source>|<id>`')),
      name: optional(text('Name of the device')),
      mac: optional(text('Of the station')),
      userName: optional(text('User-Name')),
      from: SIDE,
      to: SIDE,
    }),
    'The first 200',
  ),
};

export const WHAT_IF_REPORT = named(
  'WhatIfReport',
  object('What a draft would change', {
    at: instant('When it was compared'),
    inForce: text('Version in force'),
    draft: text('Name of the draft'),
    sessions: object('Live sessions, compared with their answers', TALLY),
    fleet: object('Stored devices, compared with the policy in force', {
      ...TALLY,
      assumed: object('How they were taken to ask', {
        site: text('Empty: no rule about sites holds'),
        assurance: oneOf(ASSURANCES, 'How sure their identity was taken to be'),
        medium: optional(oneOf(MEDIA, 'How they were taken to ask')),
      }),
    }),
    enforcing: object('How long CoAs would take', {
      secondsBySite: byName(amount(''), 'Seconds until the last CoA of each site is out'),
      seconds: amount('The longest of them'),
      assumed: object('How fast jobs go out', {
        inFlightPerSite: whole('Jobs at a time and site'),
        roundSeconds: amount('Seconds for each lot'),
        settleSeconds: amount('Seconds from an activation until CoAs begin'),
      }),
    }),
    complete: flag('False where time ran out: the counts are what was looked at by then'),
  }),
);

export const RULE_HITS = named(
  'RuleHits',
  object('How often rules decided, counted hour by hour from stored decisions', {
    from: instant('From this hour on'),
    to: instant('Before this hour'),
    countedUntil: optional(instant('Later decisions are not counted yet; absent before the first count')),
    rules: list(
      object('A rule of a version', {
        rule: text('Its name'),
        policyVersion: text('The version'),
        permits: whole('Permits'),
        denies: whole('Denials'),
        bySite: byName(whole('Decisions'), 'Decisions, by site'),
      }),
      'Rules that decided, the most hits first',
    ),
  }),
);

export type RuleHits = Described<typeof RULE_HITS>;
